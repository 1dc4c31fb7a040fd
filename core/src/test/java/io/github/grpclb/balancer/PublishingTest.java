package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.groups;
import static io.github.grpclb.balancer.BalancerScene.list;
import static io.github.grpclb.balancer.BalancerScene.servers;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.Allocation;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FaultRow;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.ResolvedAddresses;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The state of the channel, and when a new picker is published. */
class PublishingTest {

    private final InTurn policy = new InTurn("round_robin");
    private final BalancerScene scene = new BalancerScene(InTurn.alone(policy));
    private final FakeHelper helper = scene.helper();

    @Test
    void publishesOnePickerWhereNothingChanged() {
        ResolvedAddresses list = list(null, groups(endpoint(1), endpoint(2)));
        scene.accept(list);
        scene.accept(list);
        scene.accept(list(LbConfig.DEFAULT, groups(endpoint(1), endpoint(2))));
        assertThat(helper.published()).isEqualTo(1);
    }

    @Test
    void givesThePolicyTheSameCandidatesWhereNothingAboutThemChanged() {
        scene.acceptReady(endpoint(1), endpoint(2));
        Candidate first = policy.lastReady().get(0);
        scene.accept(endpoint(1), endpoint(2).weight(7));
        assertThat(policy.lastReady().get(0)).isSameAs(first);
    }

    @Test
    void publishesAPickerWithoutAServerBeforeItsConnectionIsClosed() {
        scene.acceptReady(endpoint(1), endpoint(2));
        List<Boolean> closedAtPublish = new ArrayList<>();
        helper.onPublish(() -> closedAtPublish.add(helper.subchannel(1).isShutdown()));
        scene.accept(endpoint(2));
        assertThat(closedAtPublish).containsExactly(false);
        assertThat(helper.subchannel(1).isShutdown()).isTrue();
        assertThat(helper.subchannel(2).isShutdown()).isFalse();
        assertThat(scene.picks(3)).containsOnly(2);
    }

    @Test
    void staysWithAFailureUntilTheServerIsReadyAgain() {
        scene.accept(endpoint(1));
        helper.subchannel(1).fails("refused");
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        int published = helper.published();
        helper.subchannel(1).idle();
        helper.subchannel(1).connecting();
        assertThat(helper.published()).isEqualTo(published);
        assertThat(helper.pick(FakeCall.PLAIN).getStatus().getDescription())
                .isEqualTo("no endpoint is ready (1 known); 127.0.0.1:1: refused");
        helper.subchannel(1).ready();
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
    }

    @Test
    void isInTheBestStateOfItsServers() {
        scene.accept(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("refused");
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        helper.subchannel(2).fails("refused");
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        helper.subchannel(1).ready();
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
        scene.accept(endpoint(2));
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
    }

    @Test
    @FaultRow(38)
    void coalescesTheEventsOfManyServersOnceOneIsReady() {
        scene.accept(servers(1, 1_000));
        for (int i = 0; i < 1_000; i++) { // one that is ready makes room for another
            helper.subchannels().get(i).ready();
        }
        scene.settle();
        assertThat(policy.lastReady()).hasSize(1_000);
        assertThat(helper.published()).isEqualTo(3);
        assertThat(helper.clock().pending()).isZero();
    }

    @Test
    void serverThatIsShutDownIsHeardNoMore() {
        scene.acceptReady(endpoint(1), endpoint(2));
        scene.accept(endpoint(2));
        int published = helper.published();
        helper.subchannel(1).ready();
        scene.settle();
        assertThat(helper.published()).isEqualTo(published);
    }

    @Test
    void allocatesNothingForAPick() {
        scene.acceptReady(endpoint(1), endpoint(2));
        scene.accept(Map.of("serverId", Map.of("header", "x-server-id")), endpoint(1), endpoint(2));
        FakeCall toServer = FakeCall.with(RoutingKeys.SERVER_ID, "s2");
        assertThat(Allocation.bytesPerRun(() -> helper.pick(FakeCall.PLAIN))).isLessThan(1);
        assertThat(Allocation.bytesPerRun(() -> helper.pick(toServer))).isLessThan(1);
    }
}
