package io.github.grpclb.test;

import static io.github.grpclb.test.GrpcLbAssertions.assertThatCalls;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

class CallSharesTest {

    @Test
    void acceptsWhatChanceMakesOfTheWeights() {
        Random chance = new Random(7);
        for (int run = 0; run < 2_000; run++) {
            Map<String, Integer> counts = new HashMap<>();
            for (int call = 0; call < 600; call++) {
                counts.merge(chance.nextInt(6) < 5 ? "a" : "b", 1, Integer::sum);
            }
            assertThatCode(() -> assertThatCalls(counts).areSharedAs(Map.of("a", 5, "b", 1)))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void acceptsSharesThatAreMoreEvenThanChance() {
        assertThatCalls(Map.of("a", 500, "b", 100)).areSharedAs(Map.of("a", 5, "b", 1));
        assertThatCalls(Map.of("a", 500L, "b", 100L)).areSharedAs(Map.of("a", 2.5, "b", 0.5));
    }

    @Test
    void findsAShareThatIsWrongByATenth() {
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 2_750, "b", 2_250)).areSharedAs(Map.of("a", 1, "b", 1)))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void showsATableOfWhatWasSeenAndWhatWasExpected() {
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 300, "server-b", 300, "c", 0))
                        .areSharedAs(Map.of("a", 5, "server-b", 1)))
                .isInstanceOf(AssertionError.class)
                .hasMessage("""
                        600 calls are not shared as the weights say: χ² = 480.0, which chance exceeds with a probability of\
                         2.1e-106 (expected: at least 1e-06)
                          server      weight    expected    observed
                          a                5       500.0         300
                          c                -         0.0           0
                          server-b         1       100.0         300""".replace("\n", System.lineSeparator()));
    }

    @Test
    void refusesCallsToServersThatAreDueNone() {
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 100, "b", 1)).areSharedAs(Map.of("a", 1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("calls went to [b], which should have got none");
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 100, "b", 1)).areSharedAs(Map.of("a", 1, "b", 0)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("[b]");
        assertThatCalls(Map.of("a", 100)).areSharedAs(Map.of("a", 1, "b", 0));
    }

    @Test
    void missesServersThatGotNone() {
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 100)).areSharedAs(Map.of("a", 1, "b", 1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("not shared");
    }

    @Test
    void refusesToJudgeTooFewCalls() {
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 100, "b", 19)).areSharedAs(Map.of("a", 5, "b", 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("calls: 119 (expected: more, so that each server is due 20 at least; the least is 19.8)");
        assertThatCalls(Map.of("a", 100, "b", 20)).areSharedAs(Map.of("a", 5, "b", 1));
    }

    @Test
    void refusesWeightsAndCountsThatAreNone() {
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 1)).areSharedAs(Map.of()))
                .hasMessage("weights: {} (expected: one above 0 at least)");
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", 1)).areSharedAs(Map.of("a", -1)))
                .hasMessage("weight of a: -1.0 (expected: 0 or more)");
        assertThatThrownBy(() -> assertThatCalls(Map.of("a", -1))).hasMessage("calls of a: -1 (expected: 0 or more)");
        assertThatThrownBy(() -> assertThatCalls(0, () -> "a")).hasMessage("count: 0 (expected: 1 or more)");
    }

    @Test
    void countsTheCallsItself() {
        Iterator<String> answers = List.of("a", "b").iterator();
        assertThatThrownBy(() -> assertThatCalls(2, answers::next).areSharedAs(Map.of("a", 1)))
                .hasMessageContaining("[b]");
        assertThatCalls(40, () -> "a").areSharedAs(Map.of("a", 1));
    }

    @Test
    void takesCountersOfAnyKind() {
        LongAdder a = new LongAdder();
        a.add(30);
        assertThatCalls(Map.of("a", a)).areSharedAs(Map.of("a", 1));
    }
}
