package io.github.grpclb.test;

import static io.github.grpclb.test.GrpcLbAssertions.awaitAnswersFrom;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AwaitedAnswersTest {

    private final AtomicInteger calls = new AtomicInteger();

    @Test
    void callsAgainWhileCallsFailOrOthersAnswer() {
        awaitAnswersFrom(
                () -> {
                    int number = calls.incrementAndGet();
                    if (number == 1) {
                        throw new IllegalStateException("not yet");
                    }
                    return number < 30 ? "old" : number % 2 == 0 ? "a" : "b";
                },
                "a",
                "b");
        assertThat(calls).hasValueGreaterThanOrEqualTo(49);
    }

    @Test
    void saysWhoAnsweredInTheEnd() {
        assertThatThrownBy(() -> AwaitedAnswers.await(() -> "a", Set.of("b", "a"), Duration.ZERO))
                .isInstanceOf(AssertionError.class)
                .hasMessage("within 0 s: answers from [a] (expected: from [a, b])");
        assertThatThrownBy(() -> AwaitedAnswers.await(
                        () -> {
                            throw new IllegalStateException("broken");
                        },
                        Set.of("a"),
                        Duration.ZERO))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("answers from [], and java.lang.IllegalStateException: broken")
                .hasCauseInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> awaitAnswersFrom(() -> "a")).hasMessage("servers: [] (expected: one at least)");
    }
}
