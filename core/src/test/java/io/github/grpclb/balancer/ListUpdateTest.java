package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.list;
import static io.github.grpclb.balancer.BalancerScene.servers;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.connection.ConnectPacer;
import io.github.grpclb.balancer.connection.DroppedConnections;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.github.grpclb.testing.FaultRow;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a list of servers does to the connections, and what is left when the channel ends. */
class ListUpdateTest {

    private final InTurn policy = new InTurn("round_robin");
    private final BalancerScene scene = new BalancerScene(InTurn.alone(policy));
    private final FakeHelper helper = scene.helper();

    @Test
    @FaultRow(37)
    void keepsOneConnectionPerEndpointAndUsesThoseThatAreReady() {
        scene.accept(endpoint(1), endpoint(2), endpoint(3));
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::connectionRequests)
                .containsExactly(1, 1, 1);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();

        helper.subchannel(2).ready();
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
        assertThat(scene.picks(4)).containsOnly(2);

        helper.subchannel(3).ready();
        scene.settle();
        assertThat(scene.picks(4)).containsExactly(3, 2, 3, 2);
    }

    @Test
    @FaultRow(38)
    void connectsManyAFewAtATime() {
        scene.accept(servers(1, 350));
        assertThat(helper.subchannels()).hasSize(ConnectPacer.AT_ONCE);

        helper.subchannel(1).ready();
        helper.subchannel(2).fails("refused");
        assertThat(helper.subchannels()).hasSize(ConnectPacer.AT_ONCE + 2);

        // servers that swallow packets keep their places no longer
        helper.clock().forward(Duration.ofMillis(ConnectPacer.PATIENCE_MILLIS));
        assertThat(helper.subchannels()).hasSize(2 * ConnectPacer.AT_ONCE + 2);

        // who is gone before it is its turn is not dialled
        scene.accept(servers(1, 250));
        scene.forward(1);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::port)
                .hasSize(250)
                .doesNotContain(251, 350);
        assertThat(helper.clock().pending()).isZero();
    }

    @Test
    @FaultRow(38)
    void dialsNoneOfThoseThatWereJustReplaced() {
        scene.accept(servers(1, 300));
        scene.accept(servers(401, 450));
        scene.forward(1);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::port)
                .containsExactlyElementsOf(IntStream.concat(
                                IntStream.rangeClosed(1, ConnectPacer.AT_ONCE), IntStream.rangeClosed(401, 450))
                        .boxed()
                        .toList());
    }

    @Test
    @FaultRow(43)
    void takesAnotherWeightWithoutTouchingTheConnections() {
        scene.acceptReady(endpoint(1), endpoint(2));
        int before = helper.published();
        scene.accept(endpoint(1), endpoint(2).weight(7));
        assertThat(helper.published()).isEqualTo(before + 1);
        assertThat(policy.lastReady()).extracting(Candidate::weight).containsExactly(1.0, 7.0);
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::addressUpdates)
                .containsExactly(0, 0);
    }

    @Test
    @FaultRow(43)
    void keepsConnectionsOverAnotherOrderAndNewNeighbours() {
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        scene.accept(endpoint(3), endpoint(4), endpoint(1));
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 3, 4);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::isShutdown)
                .containsExactly(false, true, false, false);
        assertThat(policy.lastReady())
                .extracting(candidate -> candidate.endpoint().port())
                .containsExactly(3, 1);
    }

    @Test
    void connectsAnewWhereAnIdHasAnotherAddress() {
        scene.acceptReady(endpoint(1));
        scene.accept(endpoint(9).id("s1"));
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 9);
        assertThat(helper.subchannel(1).isShutdown()).isTrue();
    }

    @Test
    @FaultRow(43)
    void survivesAnAddressThatIsListedTwice() {
        scene.acceptReady(endpoint(1), endpoint(1), endpoint(2));
        scene.accept(endpoint(2));
        scene.accept(endpoint(2), endpoint(1));
        assertThat(helper.subchannels().stream().filter(subchannel -> !subchannel.isShutdown()))
                .extracting(FakeSubchannel::port)
                .containsExactlyInAnyOrder(1, 2);
    }

    @Test
    void takesTheAddressesOfOtherResolvers() {
        EquivalentAddressGroup plain = new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", 5));
        scene.accept(list(null, List.of(plain)));
        helper.subchannel(5).ready();
        assertThat(policy.lastReady().get(0).endpoint().address()).isEqualTo("127.0.0.1:5");
    }

    @Test
    void leavesNothingToWaitForWhenTheChannelEndsSoonAfterAServerLeft() {
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        scene.accept(endpoint(2), endpoint(3));
        scene.forward(3);
        scene.accept(endpoint(3));
        scene.forward(4);
        scene.shutdown();

        // gRPC closes a connection 5 s after the first time, or at the second
        assertThat(helper.subchannels()).extracting(FakeSubchannel::shutdowns).containsExactly(2, 2, 1);
        assertThat(helper.clock().pending()).isZero();
    }

    @Test
    void forgetsAConnectionThatWasGivenUpLongAgo() {
        scene.acceptReady(endpoint(1), endpoint(2));
        scene.accept(endpoint(2));
        helper.clock().forward(Duration.ofMillis(2 * DroppedConnections.REMEMBERED_MILLIS));
        assertThat(helper.clock().pending()).isZero();
        scene.shutdown();
        assertThat(helper.subchannels()).extracting(FakeSubchannel::shutdowns).containsExactly(1, 1);
    }

    @Test
    @FaultRow(51)
    void leavesNothingBehind() {
        scene.acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(2).fails("gone");
        scene.shutdown();
        assertThat(helper.subchannels()).allMatch(FakeSubchannel::isShutdown);
        assertThat(helper.clock().pending()).isZero();
    }
}
