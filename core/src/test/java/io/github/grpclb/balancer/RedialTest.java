package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.groups;
import static io.github.grpclb.balancer.BalancerScene.list;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.github.grpclb.testing.FaultRow;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a server is connected to anew, and when its connection or its back-off stays. */
class RedialTest {

    private final BalancerScene scene = new BalancerScene();
    private final FakeHelper helper = scene.helper();

    @Test
    void reconnectsAServerThatBecameIdle() {
        scene.acceptReady(endpoint(1));
        helper.subchannel(1).idle();
        assertThat(helper.subchannel(1).connectionRequests()).isEqualTo(2);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();
    }

    @Test
    @FaultRow(28)
    void connectsAtOnceToAServerThatWasRestartedWhereTheLastOneCouldNotBeReached() {
        scene.acceptReady(endpoint(1), endpoint(2));
        FakeSubchannel dead = helper.subchannel(1);
        dead.fails("refused");
        List<Boolean> closedAtPublish = new ArrayList<>();
        helper.onPublish(() -> closedAtPublish.add(dead.isShutdown()));

        scene.accept(endpoint(1).startedAt(2), endpoint(2));

        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 1);
        assertThat(helper.subchannel(1).connectionRequests()).isEqualTo(1);
        assertThat(closedAtPublish).isNotEmpty().containsOnly(false);
        assertThat(dead.isShutdown()).isTrue();

        helper.subchannel(1).ready();
        scene.settle();
        assertThat(scene.picks(4)).containsOnly(1, 2);
    }

    @Test
    @FaultRow(28)
    void connectsAtOnceToAServerThatIsPutBackWhileItCouldNotBeReached() {
        scene.acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("no route");
        scene.accept(endpoint(1).createRevision(9), endpoint(2));
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 1);
    }

    @Test
    @FaultRow(28)
    void keepsAReadyConnectionToAServerThatWasRestarted() {
        scene.acceptReady(endpoint(1), endpoint(2));
        scene.accept(endpoint(1).startedAt(2).createRevision(9), endpoint(2));
        assertThat(helper.subchannels()).hasSize(2).noneMatch(FakeSubchannel::isShutdown);
    }

    @Test
    void leavesAFailedConnectionToItsBackOffWhereTheServerIsTheSame() {
        scene.acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("refused");
        scene.accept(endpoint(2), endpoint(1).weight(7));
        assertThat(helper.subchannels()).hasSize(2);
    }

    @Test
    void dialsThoseWhoFailedAgainWhereTheApplicationGoesOn() {
        scene.acceptReady(endpoint(1), endpoint(2));
        helper.subchannel(1).fails("refused");
        ResolvedAddresses same = list(null, groups(endpoint(1), endpoint(2)));
        scene.accept(same);
        scene.resolverFails(Status.UNAVAILABLE.withCause(new EndpointAwaitedException("svc", false)));
        scene.accept(same);
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 1);
        assertThat(helper.subchannel(2).isShutdown()).isFalse();
    }

    @Test
    @FaultRow(34)
    void aReadyConnectionIsToldWhereItsHostNameLeadsNow() {
        Endpoint.Builder named = Endpoint.builder("svc", "host.example", 1).startedAt(1);
        Endpoint.Builder other = endpoint(2);
        accept(at(named, "10.1.0.1"), at(other, "10.0.0.2"));
        helper.subchannel(1).ready();
        helper.subchannel(2).ready();
        accept(at(named, "10.1.0.2", "10.1.0.1"), at(other, "10.0.0.2"));
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(helper.subchannel(1).addressUpdates()).isEqualTo(1);
        assertThat(helper.subchannel(1).isShutdown()).isFalse();
        // found by its name where the lists run out of step
        accept(at(other, "10.0.0.2"), at(named, "10.1.0.2"));
        assertThat(helper.subchannels()).hasSize(2);
        assertThat(helper.subchannel(1).addressUpdates()).isEqualTo(2);
        accept(at(other, "10.0.0.2"), at(named, "10.1.0.2"));
        assertThat(helper.subchannel(1).addressUpdates()).isEqualTo(2);
        assertThat(helper.subchannel(2).addressUpdates()).isZero();
    }

    @Test
    @FaultRow(34)
    void oneThatIsNotReadyIsMadeAnewAtOnceWhereItsHostNameLeadsElsewhere() {
        Endpoint.Builder named = Endpoint.builder("svc", "host.example", 1).startedAt(1);
        accept(at(named, "10.1.0.1"), at(endpoint(2), "10.0.0.2"));
        helper.subchannel(1).fails("refused");
        accept(at(named, "10.1.0.2", "10.1.0.1"), at(endpoint(2), "10.0.0.2"));
        assertThat(helper.subchannels()).hasSize(3);
        assertThat(helper.subchannels().get(0).isShutdown()).isTrue();
        assertThat(helper.subchannels().get(2).connectionRequests()).isEqualTo(1);
    }

    private void accept(EquivalentAddressGroup... groups) {
        scene.accept(list(LbConfig.DEFAULT, List.of(groups)));
    }

    private static EquivalentAddressGroup at(Endpoint.Builder server, String... hosts) {
        Endpoint endpoint = server.build();
        List<SocketAddress> addresses = new ArrayList<>();
        for (String host : hosts) {
            addresses.add(new InetSocketAddress(InetAddresses.forString(host), endpoint.port()));
        }
        return new EquivalentAddressGroup(
                addresses,
                Attributes.newBuilder()
                        .set(EndpointAttributes.ENDPOINT, endpoint)
                        .build());
    }
}
