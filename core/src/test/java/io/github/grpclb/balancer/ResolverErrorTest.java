package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.groups;
import static io.github.grpclb.balancer.BalancerScene.list;
import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.ConnectivityState;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the balancer does with errors of the resolver and with lists that are empty. */
class ResolverErrorTest {

    private final BalancerScene scene = new BalancerScene();
    private final FakeHelper helper = scene.helper();

    @Test
    void keepsItsServersOverErrorsAndEmptyLists() {
        scene.acceptReady(endpoint(1));
        int published = helper.published();
        scene.resolverFails(Status.UNAVAILABLE);
        assertThat(scene.offer(list(null, List.of())).isOk()).isFalse();
        assertThat(helper.published()).isEqualTo(published);
        assertThat(scene.picks(1)).containsExactly(1);
    }

    @Test
    void failsWithTheErrorWhereItHasNoServers() {
        Status error = Status.UNAVAILABLE.withDescription("etcd:///svc: no endpoint is registered");
        scene.resolverFails(error);
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        assertThat(helper.pick(FakeCall.PLAIN).getStatus()).isSameAs(error);
        scene.acceptReady(endpoint(1));
        assertThat(scene.picks(1)).containsExactly(1);
    }

    @Test
    void letsCallsWaitWhereNobodyIsRegisteredForAMoment() {
        scene.acceptReady(endpoint(1));
        helper.subchannel(1).fails("refused");
        scene.resolverFails(Status.UNAVAILABLE.withCause(new EndpointAwaitedException("svc", true)));
        assertThat(helper.state()).isEqualTo(ConnectivityState.CONNECTING);
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).isFalse();
        assertThat(helper.subchannel(1).isShutdown()).isTrue();
    }

    @Test
    void showsAChannelThatFoundNoServerWithTheReason() {
        LiveEndpoints live = new LiveEndpoints();
        BalancerScene channel = new BalancerScene(NameResolver.Args.newBuilder()
                .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
                .setArg(BalancerArgs.CLIENT, "stub"));
        Status notReady = Status.UNAVAILABLE.withDescription("etcd:///svc: discovery not ready: no answer yet");
        channel.resolverFails(notReady);
        assertThat(live.channels())
                .containsExactly(new LiveEndpoints.Channel(
                        "stub", channel.helper().getAuthority(), null, List.of(), notReady.getDescription()));
        assertThat(live.endpoints("svc")).isEmpty();
        channel.accept(list(LbConfig.DEFAULT, groups(endpoint(1))));
        assertThat(live.channels()).singleElement().satisfies(shown -> {
            assertThat(shown.client()).isEqualTo("stub");
            assertThat(shown.endpoints()).hasSize(1);
            assertThat(shown.reason()).isNull();
        });
        channel.resolverFails(notReady);
        assertThat(live.channels()).singleElement().satisfies(shown -> {
            assertThat(shown.policy()).isEqualTo("round_robin");
            assertThat(shown.endpoints()).hasSize(1);
        });
        channel.shutdown();
        assertThat(live.channels()).isEmpty();
    }
}
