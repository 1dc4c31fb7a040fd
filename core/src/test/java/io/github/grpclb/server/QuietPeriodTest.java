package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class QuietPeriodTest {

    private static final Duration QUIET = Duration.ofMillis(500);
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private long now = 1_000;
    private Runnable whileAsleep = () -> {};
    private final QuietPeriod period = new QuietPeriod(() -> now, this::sleep);

    private void sleep(long nanos) {
        now += Math.min(nanos, Duration.ofMillis(100).toNanos());
        whileAsleep.run();
    }

    @Test
    void endsAfterTheQuietPeriodWhenNoCallArrives() {
        assertThat(period.await(QUIET, LIMIT)).isTrue();
        assertThat(now - 1_000).isEqualTo(QUIET.toNanos());
    }

    @Test
    void startsAnewWithEveryCall() {
        long lastCall = Duration.ofSeconds(2).toNanos();
        whileAsleep = () -> {
            if (now <= lastCall) {
                period.callArrived();
            }
        };
        assertThat(period.await(QUIET, LIMIT)).isTrue();
        assertThat(now).isBetween(lastCall + Duration.ofMillis(400).toNanos(), lastCall + QUIET.toNanos());
    }

    @Test
    void givesUpAtTheLimitWhenCallsNeverStop() {
        whileAsleep = period::callArrived;
        assertThat(period.await(QUIET, LIMIT)).isFalse();
        assertThat(now - 1_000).isEqualTo(LIMIT.toNanos());
    }

    @Test
    void endsWhenInterrupted() {
        whileAsleep = () -> {
            period.callArrived();
            Thread.currentThread().interrupt();
        };
        assertThat(period.await(QUIET, LIMIT)).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }
}
