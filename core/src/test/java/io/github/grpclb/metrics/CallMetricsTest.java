package io.github.grpclb.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.PickObserver.Failure;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.grpc.Status;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CallMetricsTest {

    private static final Endpoint ORDERS =
            Endpoint.builder("orders", "10.0.0.1", 8080).build();

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final CallMetrics metrics = new CallMetrics(registry);

    @Test
    void timesCallsByServicePolicyAndStatus() {
        call("random", Status.Code.OK, 10);
        call("random", Status.Code.OK, 30);
        call("random", Status.Code.UNAVAILABLE, 1);
        call("pick_first", Status.Code.OK, 5);
        Timer ok = registry.get("grpc.lb.calls.finished")
                .tags("service", "orders", "policy", "random", "status", "OK")
                .timer();
        assertThat(ok.count()).isEqualTo(2);
        assertThat(ok.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(40);
        assertThat(registry.find("grpc.lb.calls.finished").timers()).hasSize(3);
        assertThat(registry.get("grpc.lb.calls.started")
                        .tags("service", "orders", "policy", "random")
                        .counter()
                        .count())
                .isEqualTo(3);
    }

    @Test
    void callsUnderWayAreThoseThatStartedAndDidNotEnd() {
        metrics.callStarted(ORDERS, "random");
        metrics.callStarted(ORDERS, "pick_first");
        assertThat(gauge("grpc.lb.calls.in.flight")).isEqualTo(2);
        finish("random", Status.Code.CANCELLED, 1);
        assertThat(gauge("grpc.lb.calls.in.flight")).isEqualTo(1);
    }

    @Test
    void countsFailedPicksByReason() {
        metrics.pickFailed("orders", "random", Failure.NOT_READY);
        metrics.pickFailed("orders", "random", Failure.NOT_READY);
        assertThat(registry.get("grpc.lb.picks.failed")
                        .tags("service", "orders", "policy", "random", "reason", "not_ready")
                        .counter()
                        .count())
                .isEqualTo(2);
    }

    @Test
    void addsUpTheEndpointsOfSeveralChannels() {
        EndpointCounts two = new EndpointCounts(1, 0, 1, 0, 0, 0, 0, 0);
        EndpointCounts three = new EndpointCounts(2, 0, 0, 0, 1, 0, 0, 0);
        metrics.endpointsChanged("orders", EndpointCounts.NONE, two);
        metrics.endpointsChanged("orders", EndpointCounts.NONE, three);
        assertThat(gauge("grpc.lb.endpoints", "state", "ready")).isEqualTo(3);
        metrics.endpointsChanged("orders", two, EndpointCounts.NONE);
        assertThat(gauge("grpc.lb.endpoints", "state", "ready")).isEqualTo(2);
        assertThat(gauge("grpc.lb.endpoints", "state", "connecting")).isZero();
        assertThat(gauge("grpc.lb.endpoints", "state", "failing")).isEqualTo(1);
    }

    @Test
    void countsEndpointsThatVanishedTogether() {
        metrics.endpointsSuspected("orders", 4);
        metrics.endpointsSuspected("orders", 1);
        assertThat(registry.get("grpc.lb.endpoints.suspected")
                        .tags("service", "orders")
                        .counter()
                        .count())
                .isEqualTo(5);
        metrics.endpointsChanged("orders", EndpointCounts.NONE, new EndpointCounts(1, 0, 0, 0, 0, 0, 4, 0));
        assertThat(gauge("grpc.lb.endpoints", "state", "suspect")).isEqualTo(4);
    }

    @Test
    void noMeterHasATagThatGrowsWithTheNumberOfEndpoints() {
        for (int i = 1; i <= 50; i++) {
            metrics.callStarted(Endpoint.builder("orders", "10.0.0." + i, 8080).build(), "random");
        }
        assertThat(registry.getMeters())
                .extracting(Meter::getId)
                .filteredOn(id -> id.getName().equals("grpc.lb.calls.started"))
                .hasSize(1);
    }

    private void call(String policy, Status.Code status, long millis) {
        metrics.callStarted(ORDERS, policy);
        finish(policy, status, millis);
    }

    private void finish(String policy, Status.Code status, long millis) {
        metrics.callFinished(
                ORDERS,
                policy,
                status,
                CallOutcome.SUCCESS,
                Duration.ofMillis(millis).toNanos());
    }

    private double gauge(String name, String... tags) {
        return registry.get(name).tags("service", "orders").tags(tags).gauge().value();
    }
}
