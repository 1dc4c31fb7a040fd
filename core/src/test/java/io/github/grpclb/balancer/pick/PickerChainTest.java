package io.github.grpclb.balancer.pick;

import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static io.github.grpclb.balancer.pick.FakeServers.ready;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeCall;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A step that throws, which would end the channel. */
@ExtendWith(CapturedLog.Extension.class)
class PickerChainTest {

    private final List<EndpointCandidate> servers =
            List.of(ready(endpoint(1).build()), ready(endpoint(2).build()));
    private final PickerChain chain = new PickerChain(
            LbConfig.DEFAULT,
            new StepFactory.Setting(
                    new ChannelMemory(Policies.with(List.of())),
                    new CallTracking(new EndpointLoads(Duration.ofMinutes(5), () -> 0), null, new LogLimit(() -> 0)),
                    "svc",
                    () -> 0),
            List.of((config, setting) -> new Broken()));

    @Test
    void leavesThePickToThePolicyAndSaysSoOnce(CapturedLog output) {
        for (int i = 0; i < 3; i++) {
            SubchannelPicker picker = chain.picker(servers);
            assertThat(IntStream.range(0, 10).mapToObj(call -> picked(picker)).distinct())
                    .containsExactlyInAnyOrder("s1", "s2");
        }
        assertThat(output).containsOnlyOnce("svc: a step over the policy failed; calls go by the policy alone");
        assertThat(output).contains("a mistake in a step");
    }

    @Test
    void changesNothingWhenTimeActs() {
        assertThat(chain.elapse()).isFalse();
    }

    @Test
    void connectsToWhatItWouldWithoutSteps() {
        assertThat(chain.members(servers)).isEmpty();
    }

    private static String picked(SubchannelPicker picker) {
        return String.valueOf(picker.pickSubchannel(FakeCall.PLAIN).getStatus().getDescription());
    }

    private static final class Broken implements Step {

        @Override
        public SubchannelPicker picker(Pool pool, Next next) {
            throw mistake();
        }

        @Override
        public List<Pool> parts(Pool pool) {
            throw mistake();
        }

        @Override
        public boolean elapse() {
            throw mistake();
        }

        private static IllegalStateException mistake() {
            return new IllegalStateException("a mistake in a step");
        }
    }
}
