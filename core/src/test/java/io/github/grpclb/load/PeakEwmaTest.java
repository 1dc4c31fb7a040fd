package io.github.grpclb.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PeakEwmaTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final PeakEwma average = new PeakEwma(Duration.ofSeconds(10));

    @Test
    void isNothingBeforeTheFirstLatency() {
        assertThat(average.at(0)).isZero();
        assertThat(average.at(SECOND)).isZero();
    }

    @Test
    void isReplacedAtOnceByALatencyAboveIt() {
        average.add(1_000, SECOND);
        average.add(5_000, SECOND);
        assertThat(average.at(SECOND)).isEqualTo(5_000);
    }

    @Test
    void comesDownByTheTimeThatHasPassed() {
        average.add(5_000, 0);
        average.add(1_000, 10 * SECOND);
        assertThat(average.at(10 * SECOND)).isCloseTo(1_000 + 4_000 / Math.E, withinPercentage(0.1));
    }

    @Test
    void comesToTheLatencyThatStays() {
        for (int second = 0; second < 100; second++) {
            average.add(second == 0 ? 100_000 : 1_000, second * SECOND);
        }
        assertThat(average.at(99 * SECOND)).isCloseTo(1_000, withinPercentage(1));
    }

    @Test
    void decaysWhenItIsRead() {
        average.add(5_000, SECOND);
        assertThat(average.at(11 * SECOND)).isCloseTo(5_000 / Math.E, withinPercentage(0.1));
        assertThat(average.at(SECOND)).isEqualTo(5_000);
    }

    @Test
    void isNothingAfterThreeTimesTheDecay() {
        average.add(5_000, SECOND);
        assertThat(average.at(30 * SECOND)).isPositive();
        assertThat(average.at(32 * SECOND)).isZero();
    }

    @Test
    void survivesTheSignOfTheClock() {
        average.add(5_000, -SECOND);
        assertThat(average.at(9 * SECOND)).isCloseTo(5_000 / Math.E, withinPercentage(0.1));
        PeakEwma other = new PeakEwma(Duration.ofSeconds(10));
        other.add(5_000, Long.MAX_VALUE);
        assertThat(other.at(Long.MIN_VALUE + 10 * SECOND)).isCloseTo(5_000 / Math.E, withinPercentage(0.1));
    }

    @Test
    void isOnlyRaisedByWhatWasAtLeast() {
        average.add(5_000, 0);
        average.addAtLeast(4_000, 0);
        assertThat(average.at(0)).isEqualTo(5_000);
        average.addAtLeast(6_000, 0);
        assertThat(average.at(0)).isEqualTo(6_000);
    }

    @Test
    void refusesADecayThatIsNone() {
        assertThatThrownBy(() -> new PeakEwma(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("decay: PT0S (expected: above 0)");
    }
}
