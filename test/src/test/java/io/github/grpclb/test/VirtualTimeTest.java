package io.github.grpclb.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtualTimeTest {

    private final VirtualTime time = new VirtualTime();
    private final List<String> done = new ArrayList<>();
    private final long start = time.getAsLong();

    @Test
    void passesOnlyWhereItIsTold() {
        assertThat(start).isPositive();
        time.forward(Duration.ofSeconds(2));
        assertThat(time.getAsLong() - start).isEqualTo(2_000_000_000);
    }

    @Test
    void doesWhatIsDueAtItsTimeAndInItsOrder() {
        time.after(Duration.ofSeconds(3), () -> done.add("c"));
        time.after(Duration.ofSeconds(1), () -> {
            done.add("a at " + (time.getAsLong() - start));
            time.after(Duration.ZERO, () -> done.add("at once"));
            time.after(Duration.ofSeconds(1), () -> done.add("b at " + (time.getAsLong() - start)));
        });
        time.after(Duration.ofSeconds(1), () -> done.add("also"));
        time.forward(Duration.ofMillis(2_500));
        assertThat(done).containsExactly("a at 1000000000", "also", "at once", "b at 2000000000");
        time.forward(Duration.ofMillis(500));
        assertThat(done).hasSize(5).endsWith("c");
    }

    @Test
    void doesNotGoBack() {
        assertThatThrownBy(() -> time.forward(Duration.ofNanos(-1)))
                .hasMessage("time: PT-0.000000001S (expected: 0 or more)");
        assertThatThrownBy(() -> time.after(Duration.ofNanos(-1), () -> {})).hasMessageStartingWith("delay: ");
    }
}
