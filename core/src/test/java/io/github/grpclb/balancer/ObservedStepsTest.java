package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.BalancerScene.servers;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.metrics.CallMetrics;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the meters tell of ejections and of panic. */
class ObservedStepsTest {

    private static final Map<String, ?> CONFIG = Map.of(
            "outlierDetection",
            Map.of(
                    "interval",
                    "10s",
                    "baseEjectionTime",
                    "30s",
                    "maxEjectionPercent",
                    100,
                    "failurePercentageEjection",
                    Map.of("minimumHosts", 1, "requestVolume", 10)));

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final BalancerScene scene =
            new BalancerScene(NameResolver.Args.newBuilder().setArg(BalancerArgs.OBSERVER, new CallMetrics(registry)));

    @Test
    void eachEjectionIsCountedOnce() {
        scene.acceptReady(CONFIG, servers(1, 4));
        scene.callsFail(1);
        scene.forward(10);
        assertThat(ejections()).isEqualTo(1);
        scene.accept(CONFIG, servers(1, 5));
        scene.forward(10);
        assertThat(ejections()).isEqualTo(1);
        scene.callsFail(2);
        scene.forward(10);
        assertThat(ejections()).isEqualTo(2);
    }

    @Test
    void anEjectionIsNotCountedAgainAfterAnIdleTime() {
        scene.acceptReady(CONFIG, servers(1, 4));
        scene.callsFail(1);
        scene.forward(10);
        scene.shutdown();
        scene.wakeUp();
        scene.acceptReady(CONFIG, servers(1, 4));
        assertThat(ejections()).isEqualTo(1);
    }

    @Test
    void panicLastsAsLongAsTooFewServersAreUsable() {
        scene.acceptReady(CONFIG, servers(1, 4));
        assertThat(panic()).isZero();
        eject(3);
        assertThat(panic()).isEqualTo(1);
        scene.forward(40);
        assertThat(scene.state().ejected()).isEmpty();
        assertThat(panic()).isZero();
    }

    @Test
    void aChannelThatIsIdleOrHasNoServerDoesNotPanic() {
        scene.acceptReady(CONFIG, servers(1, 4));
        eject(3);
        scene.shutdown();
        assertThat(panic()).isZero();
        scene.wakeUp();
        scene.acceptReady(CONFIG, servers(1, 4));
        assertThat(panic()).isEqualTo(1);
        scene.resolverFails(Status.UNAVAILABLE);
        assertThat(panic()).isEqualTo(1);
    }

    @Test
    void thePanicOfSeveralChannelsAddsUp() {
        CallMetrics metrics = new CallMetrics(registry);
        metrics.panicChanged("svc", 0, 2);
        metrics.panicChanged("svc", 0, 1);
        assertThat(panic()).isEqualTo(3);
        metrics.panicChanged("svc", 2, 0);
        assertThat(panic()).isEqualTo(1);
    }

    private void eject(int servers) {
        for (int port = 1; port <= servers; port++) {
            scene.callsFail(port);
        }
        scene.forward(10);
        assertThat(scene.state().ejected()).hasSize(servers);
    }

    private double ejections() {
        return registry.get("grpc.lb.ejections").tag("service", "svc").counter().count();
    }

    private double panic() {
        return registry.get("grpc.lb.panic").tag("service", "svc").gauge().value();
    }
}
