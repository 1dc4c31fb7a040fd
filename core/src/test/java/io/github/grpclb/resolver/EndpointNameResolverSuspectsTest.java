package io.github.grpclb.resolver;

import static io.github.grpclb.resolver.ResolverScene.A;
import static io.github.grpclb.resolver.ResolverScene.B;
import static io.github.grpclb.resolver.ResolverScene.draining;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FaultRow;
import io.grpc.EquivalentAddressGroup;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of the servers of the last list when the next one has none, or fewer. */
class EndpointNameResolverSuspectsTest {

    private final ResolverScene scene = new ResolverScene();
    private final FakeClock clock = scene.clock;
    private final FakeEndpointSource source = scene.source;

    @Test
    @FaultRow(36)
    void neverDeliversAnEmptyListAfterAGoodOne() {
        scene.start();
        source.publish("svc", A, B);
        clock.runDue();
        List<EquivalentAddressGroup> good = scene.addresses();
        source.publish("svc");
        clock.runDue();
        assertThat(scene.addresses()).isEqualTo(good);
        assertThat(scene.unlisted().suspects()).isEqualTo(good);
        assertThat(scene.unlisted().all()).isTrue();
        source.publish("svc", B);
        clock.runDue();
        assertThat(scene.addresses()).containsExactly(good.get(1));
        assertThat(scene.unlisted().suspects()).containsExactly(good.get(0));
        assertThat(scene.unlisted().all()).isFalse();
        source.publish("svc", A, B);
        clock.runDue();
        assertThat(scene.addresses()).isEqualTo(good);
        assertThat(scene.unlisted().suspects()).isEmpty();
        assertThat(clock.pending()).isZero();
    }

    @Test
    @FaultRow(36)
    void givesTheLastListUpAfterItsTime() {
        scene.start();
        source.publish("svc", A, B);
        clock.runDue();
        source.publish("svc");
        clock.forward(Duration.ofMinutes(5).minusMillis(1));
        assertThat(scene.addresses()).hasSize(2);
        clock.forward(Duration.ofMillis(1));
        assertThat(scene.error().getDescription()).isEqualTo("etcd:///svc: no endpoint is registered");
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
        assertThat(clock.pending()).isZero();
    }

    @Test
    void keepsTheLastListWithoutLimitWhileTheRegistryIsUnreachable() {
        scene.start();
        source.publish("svc", A, B);
        source.publish("svc");
        clock.forward(Duration.ofMinutes(4));
        source.reachable("svc", false);
        clock.forward(Duration.ofDays(30));
        assertThat(scene.addresses()).hasSize(2);
        assertThat(clock.pending()).isZero();
        source.reachable("svc", true);
        clock.forward(Duration.ofSeconds(59));
        assertThat(scene.addresses()).hasSize(2);
        clock.forward(Duration.ofSeconds(1));
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }

    @Test
    void trustsTheRegistryAtOnceWhereItIsToldTo() {
        scene.start("svc", scene.args().setArg(ResolverArgs.STALE_MAX, Duration.ZERO));
        source.publish("svc", A, B);
        source.publish("svc");
        clock.runDue();
        assertThat(scene.error().getDescription()).isEqualTo("etcd:///svc: no endpoint is registered");
    }

    /** The list in which somebody drains may be followed so fast that nobody ever takes it for its addresses. */
    @Test
    void seesWhoDrainsInAListThatIsNotHandedOver() {
        scene.start();
        source.publish("svc", A, B);
        clock.runDue();
        source.publish("svc", draining(A), draining(B));
        source.publish("svc");
        clock.runDue();
        assertThat(scene.error().getCause()).isInstanceOf(NoEndpointException.class);
    }
}
