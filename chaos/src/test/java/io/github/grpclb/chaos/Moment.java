package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * A moment from which recoveries are timed. What they took is printed.
 *
 * @param nanoTime by {@link System#nanoTime}
 */
record Moment(long nanoTime) {

    private static final Duration POLL = Duration.ofMillis(100);

    static Moment now() {
        return new Moment(System.nanoTime());
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    /** Waits until something is so, and fails if it is not within a time from this moment. */
    void within(Duration bound, String what, BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(elapsed()).as("%s within %s", what, bound).isLessThan(bound);
            Scene.during(POLL);
        }
        print(what, elapsed());
    }

    /** Fails unless something is so from a time after this moment at the latest, and stays so for another time. */
    void settles(Duration bound, Duration hold, String what, BooleanSupplier condition) {
        Duration lastOtherwise = Duration.ZERO;
        while (elapsed().compareTo(bound.plus(hold)) < 0) {
            // before the look, which may take long
            Duration looked = elapsed();
            if (!condition.getAsBoolean()) {
                lastOtherwise = looked;
                assertThat(looked).as("%s, for good, within %s", what, bound).isLessThan(bound);
            }
            Scene.during(POLL);
        }
        print(what + ", for good,", lastOtherwise);
    }

    private static void print(String what, Duration took) {
        System.out.printf("%s after %.1f s%n", what, took.toMillis() / 1e3);
    }
}
