package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.ChannelView.Failing;
import io.grpc.ConnectivityState;
import java.lang.ref.Reference;
import org.junit.jupiter.api.Test;

/** Shows for how long a channel is seen. */
class ChannelViewTest {

    private final LiveEndpoints live = new LiveEndpoints();
    private final ChannelView view = live.view("caller", () -> 0);

    /** gRPC closes the old resolver and makes the next before it shuts the balancer down. */
    @Test
    void isSeenWhileItGoesIdle() {
        view.made("svc");
        view.started();
        view.leave(this, failing());
        view.closed();
        view.made("svc");
        view.end(this);
        assertThat(live.views()).containsExactly(view);
        assertThat(view.newest()).isNull();
        view.closed();
        assertThat(live.views()).isEmpty();
    }

    @Test
    void isSeenAsLongAsABalancerOfAnotherResolverIs() {
        view.leave(this, failing());
        assertThat(live.views()).containsExactly(view);
        view.end(this);
        assertThat(live.views()).isEmpty();
    }

    @Test
    void keepsWhatTheNextBalancerLeft() {
        Failing next = failing();
        view.leave("before", failing());
        view.leave("next", next);
        view.end("before");
        assertThat(view.newest()).isSameAs(next);
    }

    @Test
    void isGoneWhereNobodyHoldsItsChannel() {
        makeAndForget();
        await().untilAsserted(() -> {
            System.gc();
            assertThat(live.views()).isEmpty();
        });
        Reference.reachabilityFence(live);
    }

    private void makeAndForget() {
        for (int i = 0; i < 10; i++) {
            ChannelView forgotten = live.view("caller", () -> 0);
            forgotten.made("svc");
            forgotten.leave(this, failing());
        }
        assertThat(live.views()).hasSize(10);
    }

    private static Failing failing() {
        return new Failing("svc", null, ConnectivityState.TRANSIENT_FAILURE, "nobody is there");
    }
}
