package io.github.grpclb.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LogLimitTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private long now = Long.MAX_VALUE - 10;
    private final LogLimit limit = new LogLimit(() -> now);

    @Test
    void aLineIsNewOnce() {
        assertThat(limit.isNew("a", 1)).isTrue();
        after(Duration.ofDays(9));
        assertThat(limit.isNew("a", 1)).isFalse();
        assertThat(limit.isNew("a", 2)).isTrue();
        assertThat(limit.isNew("b", 1)).isTrue();
    }

    @Test
    void isNewAgainOnceItIsOver() {
        limit.isNew("a", 1);
        limit.isNew("a", 2);
        limit.isNew("b", 1);
        limit.over("a");
        assertThat(limit.isNew("a", 1)).isTrue();
        assertThat(limit.isNew("a", 2)).isTrue();
        assertThat(limit.isNew("b", 1)).isFalse();
    }

    @Test
    void isDueAfterEachPause() {
        assertThat(limit.isDue("a", 1, MINUTE)).isTrue();
        after(MINUTE.minusNanos(1));
        assertThat(limit.isDue("a", 1, MINUTE)).isFalse();
        after(Duration.ofNanos(1));
        assertThat(limit.isDue("a", 1, MINUTE)).isTrue();
        after(MINUTE.minusNanos(1));
        assertThat(limit.isDue("a", 1, MINUTE)).isFalse();
    }

    @Test
    void aFloodOfLinesIsCutOff() {
        for (int i = 0; i < LogLimit.MOST; i++) {
            assertThat(limit.isNew("flood", i)).isTrue();
        }
        assertThat(limit.isNew("flood", LogLimit.MOST)).isFalse();
        assertThat(limit.isDue("flood", LogLimit.MOST, MINUTE)).isFalse();
        after(LogLimit.REMEMBERED);
        assertThat(limit.isNew("flood", LogLimit.MOST)).isTrue();
        assertThat(limit.isNew("flood", 0)).isTrue();
        assertThat(limit.isNew("flood", 0)).isFalse();
    }

    @Test
    void aFloodHidesNothingOfAnotherSubject() {
        for (int i = 0; i <= LogLimit.MOST; i++) {
            limit.isNew("flood", i);
        }
        assertThat(limit.isNew("other", 0)).isTrue();
    }

    @Test
    void twoDoNotMeet() {
        limit.isNew("a", 1);
        assertThat(new LogLimit(() -> now).isNew("a", 1)).isTrue();
    }

    private void after(Duration time) {
        now += time.toNanos();
    }
}
