package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.groups;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.github.grpclb.resolver.Unlisted;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Servers that the registry no longer lists: suspects, which are used while they are ready, and missing ones. */
class UnlistedServersTest {

    private static final Status NONE_LEFT =
            Status.UNAVAILABLE.withDescription("etcd:///svc: no endpoint is registered");

    private final InTurn policy = new InTurn("round_robin");
    private final BalancerScene scene = new BalancerScene(InTurn.alone(policy));
    private final FakeHelper helper = scene.helper();

    @Test
    void keepsTheConnectionOfASuspectOverItsReturn() {
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        scene.accept(list(groups(endpoint(1)), unlisted(groups(endpoint(2), endpoint(3)), List.of(), false)));
        assertThat(policy.lastReady())
                .extracting(candidate -> candidate.endpoint().port())
                .containsExactly(1, 2, 3);
        scene.accept(endpoint(1), endpoint(2), endpoint(3));
        helper.subchannel(2).idle();
        assertThat(helper.subchannel(2).connectionRequests()).isEqualTo(2);
        assertThat(helper.subchannels()).hasSize(3).noneMatch(FakeSubchannel::isShutdown);
    }

    @Test
    void dropsASuspectAsSoonAsItFailsAndNeverConnectsToIt() {
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        scene.accept(
                list(groups(endpoint(1)), unlisted(groups(endpoint(2), endpoint(3), endpoint(4)), List.of(), false)));
        helper.subchannel(2).idle();
        assertThat(scene.picks(4)).containsOnly(1, 3);
        helper.subchannel(3).fails("reset");
        assertThat(scene.picks(4)).containsOnly(1);
        assertThat(helper.subchannels()).extracting(FakeSubchannel::port).containsExactly(1, 2, 3);
        assertThat(helper.subchannels())
                .extracting(FakeSubchannel::connectionRequests)
                .containsExactly(1, 1, 1);
        assertThat(helper.subchannels()).extracting(FakeSubchannel::isShutdown).containsExactly(false, true, true);
    }

    @Test
    void neitherUsesNorClosesTheConnectionOfWhoIsMissing() {
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        scene.accept(list(groups(endpoint(1)), unlisted(List.of(), groups(endpoint(2), endpoint(3)), false)));
        assertThat(scene.picks(4)).containsOnly(1);
        assertThat(helper.subchannel(2).isShutdown()).isFalse();
        helper.subchannel(3).idle();
        assertThat(helper.subchannel(3).isShutdown()).isTrue();
        scene.accept(list(groups(endpoint(1)), unlisted(groups(endpoint(2)), List.of(), false)));
        assertThat(scene.picks(4)).containsOnly(1, 2);
        scene.accept(endpoint(1));
        assertThat(helper.subchannels()).extracting(FakeSubchannel::isShutdown).containsExactly(false, true, true);
    }

    @Test
    void failsWithWhatTheRegistrySaysWhenTheLastSuspectFailed() {
        scene.acceptReady(endpoint(1), endpoint(2));
        List<EquivalentAddressGroup> both = groups(endpoint(1), endpoint(2));
        scene.accept(list(both, unlisted(both, List.of(), true)));
        helper.subchannel(1).fails("reset");
        assertThat(scene.picks(2)).containsOnly(2);
        helper.subchannel(2).fails("reset");
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        assertThat(helper.pick(FakeCall.PLAIN).getStatus()).isSameAs(NONE_LEFT);
        scene.acceptReady(endpoint(3));
        assertThat(scene.picks(2)).containsOnly(3);
    }

    @Test
    void letsCallsWaitWhereTheLastSuspectFailedMeanwhile() {
        scene.acceptReady(endpoint(1));
        List<EquivalentAddressGroup> same = groups(endpoint(1));
        Status none = Status.UNAVAILABLE.withCause(new EndpointAwaitedException("svc", true));
        scene.accept(list(same, new Unlisted(same, List.of(), true, none)));
        assertThat(scene.picks(2)).containsOnly(1);
        helper.subchannel(1).fails("reset");
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();
        scene.accept(list(same, unlisted(same, List.of(), true)));
        assertThat(helper.pick(FakeCall.PLAIN).getStatus()).isSameAs(NONE_LEFT);
    }

    @Test
    void tellsOfSuspectsOnceAndShowsThem() {
        List<String> told = new ArrayList<>();
        LiveEndpoints live = new LiveEndpoints();
        BalancerScene channel = new BalancerScene(NameResolver.Args.newBuilder()
                .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
                .setArg(BalancerArgs.OBSERVER, new PickObserver() {
                    @Override
                    public void endpointsSuspected(String service, int endpoints) {
                        told.add(service + " " + endpoints);
                    }

                    @Override
                    public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
                        told.add(now.ready() + " ready, " + now.suspect() + " suspect");
                    }
                }));
        List<EquivalentAddressGroup> three = groups(endpoint(1), endpoint(2), endpoint(3));
        channel.accept(BalancerScene.list(null, three));
        channel.helper().subchannel(1).ready();
        channel.helper().subchannel(2).ready();
        channel.helper().subchannel(3).fails("refused");
        channel.settle();
        told.clear();
        ResolvedAddresses oneLeft = list(three.subList(0, 1), unlisted(three.subList(1, 3), List.of(), false));
        channel.accept(oneLeft);
        channel.accept(oneLeft);
        assertThat(told).containsExactly("1 ready, 1 suspect", "svc 1");
        assertThat(live.endpoints("svc"))
                .extracting(LiveEndpoints.Live::state)
                .containsExactly(EndpointState.READY, EndpointState.SUSPECT);
        assertThat(live.endpoints("svc")).extracting(LiveEndpoints.Live::weight).containsOnly(1.0);
    }

    private static ResolvedAddresses list(List<EquivalentAddressGroup> groups, Unlisted unlisted) {
        return BalancerScene.list(null, groups).toBuilder()
                .setAttributes(Attributes.newBuilder()
                        .set(EndpointAttributes.UNLISTED, unlisted)
                        .build())
                .build();
    }

    private static Unlisted unlisted(
            List<EquivalentAddressGroup> suspects, List<EquivalentAddressGroup> missing, boolean all) {
        return new Unlisted(suspects, missing, all, NONE_LEFT);
    }
}
