package io.github.grpclb.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.Status;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EndpointLoadTest {

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final EndpointLoad load = new EndpointLoad(new Endpoint.Identity("svc", "s1", 1), 0);

    @Test
    void countsCallsInFlightAndHowTheyEnd() {
        for (CallOutcome outcome : CallOutcome.values()) {
            load.started(0);
            load.started(0);
            load.answered(0, MILLI);
            assertThat(load.inFlight()).isEqualTo(2);
            load.ended(outcome, true, 0, MILLI);
            load.ended(outcome, false, 0, MILLI);
            assertThat(load.inFlight()).isZero();
        }
        assertThat(load.successes()).isEqualTo(2);
        assertThat(load.failures()).isEqualTo(2);
        assertThat(load.cancellations()).isEqualTo(2);
    }

    @Test
    void takesTheTimeToTheFirstAnswerForTheLatency() {
        load.started(0);
        load.answered(0, 20 * MILLI);
        load.ended(CallOutcome.SUCCESS, true, 0, 60 * SECOND);
        assertThat(latency(20 * MILLI)).isCloseTo(20 * MILLI, within(100.0));
    }

    @Test
    void takesTheWholeTimeOfASuccessWithoutAnAnswer() {
        load.started(0);
        load.ended(CallOutcome.SUCCESS, false, 0, 30 * MILLI);
        assertThat(latency(30 * MILLI)).isCloseTo(30 * MILLI, within(100.0));
    }

    @Test
    void aServerThatFailsAtOnceDoesNotLookFast() {
        load.started(0);
        load.ended(CallOutcome.FAILURE, false, 0, MILLI);
        assertThat(latency(MILLI)).isEqualTo(SECOND);
    }

    @Test
    void aCallThatWasGivenUpTookAtLeastThatLong() {
        load.started(0);
        load.ended(CallOutcome.CANCELLED, false, 0, 50 * MILLI);
        load.started(50 * MILLI);
        load.ended(CallOutcome.CANCELLED, false, 50 * MILLI, 51 * MILLI);
        assertThat(latency(51 * MILLI)).isCloseTo(50 * MILLI, within(100_000.0));
    }

    @Test
    void tellsForHowLongCallsHaveBeenWaiting() {
        assertThat(load.meanWaitNanos(SECOND)).isZero();
        load.started(0);
        load.started(2 * SECOND);
        assertThat(load.meanWaitNanos(4 * SECOND)).isCloseTo(3 * SECOND, within(3 * MILLI));
        load.answered(0, 4 * SECOND);
        assertThat(load.meanWaitNanos(4 * SECOND)).isCloseTo(2 * SECOND, within(3 * MILLI));
        load.ended(CallOutcome.SUCCESS, false, 2 * SECOND, 4 * SECOND);
        assertThat(load.meanWaitNanos(9 * SECOND)).isZero();
    }

    @Test
    void tellsTheWaitOfManyCallsOverYearsAndOverTheSignOfTheClock() {
        long year = TimeUnit.DAYS.toNanos(365);
        for (int i = 0; i < 250; i++) {
            load.started(-year / 2);
        }
        assertThat(load.meanWaitNanos(year / 2)).isCloseTo(year, within(3 * MILLI));
    }

    @Test
    void aCallThatHasJustBegunHasNotWaited() {
        for (long start = 0; start < 5 * MILLI; start += MILLI / 7) {
            load.started(start);
            assertThat(load.meanWaitNanos(start + MILLI / 2)).isZero();
            load.notStarted(start);
        }
        assertThat(load.inFlight()).isZero();
    }

    @Test
    void keepsOneAverageForEachDecay() {
        Duration minute = Duration.ofMinutes(1);
        assertThat(load.latency(minute)).isSameAs(load.latency(minute));
        assertThat(load.latency(minute)).isNotSameAs(load.latency(EndpointLoad.DEFAULT_DECAY));
        load.started(0);
        load.answered(0, SECOND);
        assertThat(load.latency(minute).at(20 * SECOND))
                .isGreaterThan(load.latency(EndpointLoad.DEFAULT_DECAY).at(20 * SECOND));
    }

    @Test
    void blamesTheServerForWhatIsNotTheCallersBusiness() {
        EnumSet<Status.Code> failures = EnumSet.noneOf(Status.Code.class);
        for (Status.Code code : Status.Code.values()) {
            if (CallOutcome.of(code, false) == CallOutcome.FAILURE) {
                failures.add(code);
            }
        }
        assertThat(failures)
                .containsExactlyInAnyOrder(
                        Status.Code.UNKNOWN,
                        Status.Code.DEADLINE_EXCEEDED,
                        Status.Code.RESOURCE_EXHAUSTED,
                        Status.Code.UNIMPLEMENTED,
                        Status.Code.INTERNAL,
                        Status.Code.UNAVAILABLE,
                        Status.Code.DATA_LOSS);
        assertThat(CallOutcome.of(Status.Code.CANCELLED, false)).isEqualTo(CallOutcome.CANCELLED);
        assertThat(CallOutcome.of(Status.Code.CANCELLED, true)).isEqualTo(CallOutcome.FAILURE);
        assertThat(CallOutcome.of(Status.Code.OK, true)).isEqualTo(CallOutcome.SUCCESS);
    }

    private double latency(long nanoTime) {
        return load.latency(EndpointLoad.DEFAULT_DECAY).at(nanoTime);
    }
}
