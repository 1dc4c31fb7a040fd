package io.github.grpclb.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FakeClock;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Shows what is counted of servers for those who look, and that it is counted no longer than that. */
class LoadObservationTest {

    private final FakeClock clock = new FakeClock();
    private final EndpointLoads loads = new EndpointLoads(Duration.ofMinutes(5), clock::nanoTime);
    private final LoadObservation observation = new LoadObservation(loads);
    private final EndpointLoad one = loads.acquire(new Endpoint.Identity("svc", "one", 1));
    private final EndpointLoad two = loads.acquire(new Endpoint.Identity("svc", "two", 1));
    private final EndpointLoad other = loads.acquire(new Endpoint.Identity("other", "one", 1));

    @Test
    void knowsTheSharesOfTheLastMinute() {
        calls(one, 1_000, 1);
        tick(1);
        assertThat(observation.lastMinute().share(one))
                .as("no call since the start")
                .isNull();
        calls(one, 30, 1);
        calls(two, 10, 1);
        calls(other, 70, 1);
        LoadObservation.Minute minute = observation.lastMinute();
        assertThat(minute.share(one)).isEqualTo(0.75);
        assertThat(minute.share(two)).isEqualTo(0.25);
        assertThat(minute.calls(two)).isEqualTo(10);
        assertThat(minute.share(other)).isEqualTo(1);
        tick(6);
        assertThat(observation.lastMinute().seconds()).isEqualTo(60);
        assertThat(observation.lastMinute().calls(one)).isEqualTo(30);
        tick(1);
        assertThat(observation.lastMinute().share(one)).as("longer ago").isNull();
    }

    @Test
    void countsAServerThatIsNew() {
        tick(7);
        EndpointLoad late = loads.acquire(new Endpoint.Identity("svc", "late", 1));
        calls(late, 5, 1);
        tick(1);
        calls(late, 5, 1);
        assertThat(observation.lastMinute().calls(late)).isEqualTo(10);
    }

    @Test
    void countsLatenciesOnlyWhileSomebodyLooks() {
        calls(one, 10, 7);
        assertThat(observation.latency(one)).isNull();
        assertThat(observation.latency(one)).as("nothing since").isNull();
        calls(one, 98, 10);
        calls(one, 2, 2_000);
        LoadObservation.Latency latency = observation.latency(one);
        assertThat(latency).isNotNull();
        assertThat(latency.p50Millis()).isCloseTo(10, within(0.7));
        assertThat(latency.p99Millis()).isCloseTo(2_000, within(130.0));
        tick(29);
        assertThat(observation.latency(one)).as("of a minute that is over").isNull();
        tick(30);
        calls(one, 1, 10);
        assertThat(observation.latency(one)).as("begins anew").isNull();
        calls(one, 1, 10);
        assertThat(observation.latency(one)).isNotNull();
    }

    @Test
    void countsFailuresByTheirStatus() {
        assertThat(one.failuresByCode()).isEmpty();
        one.failedWith(Status.Code.UNAVAILABLE);
        one.failedWith(Status.Code.UNAVAILABLE);
        one.failedWith(Status.Code.UNAUTHENTICATED);
        assertThat(one.failuresByCode())
                .containsEntry(Status.Code.UNAVAILABLE, 2L)
                .containsEntry(Status.Code.UNAUTHENTICATED, 1L)
                .hasSize(2);
    }

    @Test
    void boundsHowManyAreCounted() {
        EndpointLoad last = one;
        for (int i = 0; i <= LoadObservation.MOST; i++) {
            last = loads.acquire(new Endpoint.Identity("many", "s" + i, 1));
            observation.latency(last);
        }
        calls(last, 1, 10);
        assertThat(observation.latency(last)).isNull();
    }

    @Test
    void measuresFromNanosecondsToHours() {
        LatencyHistogram histogram = new LatencyHistogram();
        assertThat(histogram.millis(0.5)).isNaN();
        histogram.add(0);
        histogram.add(Long.MAX_VALUE);
        assertThat(histogram.millis(0.5)).isLessThan(0.002);
        assertThat(histogram.millis(1)).isGreaterThan(TimeUnit.HOURS.toMillis(1));
        for (long nanos = 2_000; nanos < TimeUnit.HOURS.toNanos(1); nanos = nanos * 5 / 4) {
            LatencyHistogram alone = new LatencyHistogram();
            alone.add(nanos);
            assertThat(alone.millis(0.99) / nanos * 1e6).isCloseTo(1, within(0.07));
        }
    }

    private void calls(EndpointLoad load, int count, long millis) {
        long now = clock.nanoTime();
        for (int i = 0; i < count; i++) {
            load.started(now);
            load.ended(CallOutcome.SUCCESS, false, now, now + TimeUnit.MILLISECONDS.toNanos(millis));
        }
    }

    private void tick(int times) {
        for (int i = 0; i < times; i++) {
            clock.forward(Duration.ofSeconds(10));
            observation.tick();
        }
    }
}
