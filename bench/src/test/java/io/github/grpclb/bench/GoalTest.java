package io.github.grpclb.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.bench.Results.Cost;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GoalTest {

    private final Results results = new Results();

    @Test
    void isJudgedByTheWorstSize() {
        results.add("base", 3, new Cost(10, 0));
        results.add("base", 10, new Cost(10, 0));
        results.add("ours", 3, new Cost(5, 0));
        results.add("ours", 10, new Cost(30, 0));
        assertThat(Goal.times(2, "base").verdict(results, "ours", List.of(3))).isEqualTo("✓ ≤ 2 × base (0.50)");
        assertThat(Goal.times(2, "base").verdict(results, "ours", List.of(3, 10)))
                .isEqualTo("✗ ≤ 2 × base (3, n = 10, missed by 50 %)");
    }

    @Test
    void saysSoWhereItsBaselineWasNotMeasured() {
        results.add("ours", 3, new Cost(5, 0));
        assertThat(Goal.times(2, "base").verdict(results, "ours", List.of(3))).isEqualTo("≤ 2 × base not measured");
    }

    @Test
    void alignsColumnsOfNumbersToTheRight() {
        results.add("ours", 3, new Cost(1234.5, 40.2));
        Table table = new CostTable("Title", 1, "B/op", "ours")
                .of(results, List.of(3), Map.of("ours", List.of(Goal.noBytes())), List.of(3));
        assertThat(table.text())
                .contains("         n = 3   B/op   × ours   goals\n")
                .contains("  ours   1 235     40        1   ✗ 0 B (40.2, missed by 7 940 %)\n");
        assertThat(table.markdown()).contains("| ---: | ---: | ---: | --- |\n");
    }
}
