package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.groups;
import static io.github.grpclb.balancer.BalancerScene.list;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FaultRow;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The policy of a live channel: another one, one that is unknown, and one that throws. */
class LivePolicyTest {

    private static final LbConfig UNKNOWN = LbConfig.parse(Map.of("policy", "fastest"));

    private final BalancerScene scene = new BalancerScene(new PolicyTable(
            Map.of("round_robin", options -> new InTurn("round_robin"), "other", options -> new InTurn("other")),
            List.of(new BrokenPicker(), new BrokenPick(), new Picky(), new ForeignCandidate()),
            List.of()));
    private final FakeHelper helper = scene.helper();

    @Test
    void changesThePolicyWithoutANewConnection() {
        scene.acceptReady(endpoint(1), endpoint(2));
        scene.accept(Map.of("policy", "other"), endpoint(1), endpoint(2));
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(scene.picks(2)).hasSize(2);
    }

    @Test
    void staysWithItsPolicyWhereTheNewOneIsUnknown() {
        scene.acceptReady(endpoint(1), endpoint(2));
        Status status = scene.offer(list(UNKNOWN, groups(endpoint(1), endpoint(2))));
        assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(status.getDescription())
                .isEqualTo("endpoint_lb: policy: 'fastest' (expected: one of [broken_pick, broken_picker,"
                        + " foreign_candidate, other, picky, round_robin])");
        assertThat(scene.picks(4)).containsOnly(1, 2);
    }

    @Test
    void failsCallsWithTheKnownNamesWhereTheFirstPolicyIsUnknown() {
        scene.offer(list(UNKNOWN, groups(endpoint(1))));
        assertThat(helper.pick(FakeCall.PLAIN).getStatus().getDescription()).contains("'fastest'", "round_robin");
        scene.acceptReady(endpoint(1));
        assertThat(scene.picks(1)).containsExactly(1);
    }

    @Test
    void takesOptionsWithoutValues() {
        Map<String, Object> options = new HashMap<>();
        options.put("option", null);
        LbConfig config = LbConfig.parse(Map.of("policy", "other", "options", options));
        assertThat(scene.offer(list(config, groups(endpoint(1)))).isOk()).isTrue();
    }

    @Test
    void usesTheChannelsOwnPoliciesWhereItBringsThem() {
        ChannelMemory own = new ChannelMemory(
                new PolicyTable(Map.of("round_robin", options -> new FirstOnly()), List.of(), List.of()));
        BalancerScene channel = new BalancerScene(
                InTurn.alone(new InTurn("round_robin")),
                NameResolver.Args.newBuilder().setArg(BalancerArgs.MEMORY, own));
        channel.acceptReady(endpoint(1), endpoint(2));
        assertThat(channel.picks(2)).containsExactly(1, 1);
    }

    @Test
    @FaultRow(50)
    void spreadsCallsWhereAPolicyThrows() {
        scene.acceptReady(endpoint(1), endpoint(2));
        for (String broken : List.of("broken_picker", "broken_pick", "foreign_candidate")) {
            scene.accept(Map.of("policy", broken), endpoint(1), endpoint(2));
            assertThat(scene.picks(50)).as(broken).containsOnly(1, 2);
        }
    }

    @Test
    void failsACallForWhichThePolicyHasNoServerWithThePolicysReason() {
        scene.acceptReady(endpoint(1), endpoint(2));
        scene.accept(Map.of("policy", "picky"), endpoint(1), endpoint(2));
        PickResult result = helper.pick(FakeCall.PLAIN);
        assertThat(result.isDrop()).isFalse();
        assertThat(result.getStatus().getDescription()).isEqualTo("picky: not today (2 ready of 2 known)");
    }

    private static final class FirstOnly implements Policy {
        @Override
        public String name() {
            return "first_only";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> known.get(0);
        }
    }

    private static final class BrokenPicker implements Policy {
        @Override
        public String name() {
            return "broken_picker";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            throw new IllegalStateException("broken on purpose");
        }
    }

    private static final class BrokenPick implements Policy {
        @Override
        public String name() {
            return "broken_pick";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> {
                throw new StackOverflowError("broken on purpose");
            };
        }
    }

    private static final class ForeignCandidate implements Policy {
        @Override
        public String name() {
            return "foreign_candidate";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> FakeCandidate.of(1, 1);
        }
    }

    private static final class Picky implements Policy {
        @Override
        public String name() {
            return "picky";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return new Picker() {
                @Override
                public Candidate pick(PickSubchannelArgs call) {
                    return null;
                }

                @Override
                public String reason(PickSubchannelArgs call) {
                    return "not today";
                }
            };
        }
    }
}
