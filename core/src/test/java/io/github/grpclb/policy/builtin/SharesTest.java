package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who gets how many calls. Chance is seeded, so every run draws the same. */
class SharesTest {

    private final Random chance = new Random(7);

    @Test
    void roundRobinTakesStrictTurnsWhateverTheWeights() {
        assertThat(order(new RoundRobinPolicy(new TurnCounter(0)), 7, 5, 1, 1)).isEqualTo("0120120");
    }

    @Test
    void roundRobinGoesOnWhereItWasWhenThePickerIsRebuilt() {
        RoundRobinPolicy policy = new RoundRobinPolicy(new TurnCounter(0));
        assertThat(order(policy, 2, 1, 1, 1) + order(policy, 2, 1, 1, 1)).isEqualTo("0120");
    }

    @Test
    void roundRobinIsEvenOverTheWrapOfItsCounter() {
        assertThat(order(new RoundRobinPolicy(new TurnCounter(Integer.MAX_VALUE - 1)), 4, 1, 1))
                .isEqualTo("0101");
    }

    @Test
    void weightedRoundRobinHasTheOrderOfNginx() {
        assertThat(order(new WeightedRoundRobinPolicy(new TurnCounter(0)), 7, 5, 1, 1))
                .isEqualTo("0010200");
        assertThat(order(new WeightedRoundRobinPolicy(new TurnCounter(0)), 14, 10, 2, 2))
                .isEqualTo("00102000010200");
    }

    @Test
    void weightedRoundRobinDoesNotDriftWhenThePickerIsRebuilt() {
        Policy policy = new WeightedRoundRobinPolicy(new TurnCounter(0));
        int[] counts = new int[3];
        for (int rebuilt = 0; rebuilt < 700; rebuilt++) {
            add(counts, counts(policy, 1, 5, 1, 1));
        }
        assertThat(counts).containsExactly(500, 100, 100);
    }

    @Test
    void weightedSharesDoNotDriftWhenWeightsChangeAndChangeBack() {
        double[][] lists = {{5, 1, 1}, {5, 2, 1}, {1_000_000, 200_000, 200_000}, {5, 1.5, 1}};
        for (Policy policy :
                List.of(new WeightedRoundRobinPolicy(new TurnCounter(0)), new WeightedRandomPolicy(chance::nextLong))) {
            int[] counts = new int[3];
            double[] expected = new double[3];
            for (int change = 0; change < 20_000; change++) {
                double[] weights = lists[chance.nextInt(lists.length)];
                int picks = 1 + chance.nextInt(20);
                add(counts, counts(policy, picks, weights));
                double sum = weights[0] + weights[1] + weights[2];
                for (int i = 0; i < 3; i++) {
                    expected[i] += picks * weights[i] / sum;
                }
            }
            // no more than chance would give
            assertThat(Shares.chiSquare(counts, expected)).as(policy.name()).isLessThan(13.8);
        }
    }

    @Test
    void weightedRoundRobinIsExactOverAPeriodAlsoForLongOrders() {
        // sum 3001 × 1000 servers is beyond what is worked out in advance
        double[] weights = new double[1_000];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i == 0 ? 2_002 : 1;
        }
        int sum = 3_001;
        int[] counts = counts(new WeightedRoundRobinPolicy(new TurnCounter(0)), sum * weights.length, weights);
        assertThat(counts[0]).isEqualTo(2_002 * weights.length);
        assertThat(counts[1]).isEqualTo(weights.length);
        assertThat(counts[999]).isEqualTo(weights.length);
    }

    @Test
    void weightedRoundRobinIsSmoothAlsoForLongOrders() {
        int[] counts = counts(new WeightedRoundRobinPolicy(new TurnCounter(0)), 3_000, 1_000_000, 999_999, 1);
        assertThat(counts[0]).isCloseTo(1_500, within(3));
        assertThat(counts[1]).isCloseTo(1_500, within(3));
    }

    @Test
    void weightedRoundRobinTakesFractionsOfASlowStart() {
        assertThat(counts(new WeightedRoundRobinPolicy(new TurnCounter(0)), 3_000, 0.5, 1))
                .containsExactly(1_000, 2_000);
    }

    @Test
    void weightedRandomFollowsTheWeights() {
        double[] weights = {8, 1, 1, 90};
        int[] counts = counts(new WeightedRandomPolicy(chance::nextLong), 100_000, weights);
        assertThat(Shares.chiSquare(counts, weights)).isLessThan(16.3); // 3 degrees of freedom, p = 0.001
    }

    @Test
    void weightedRandomFollowsTheWidestWeights() {
        double[] weights = {1_000_000, 1_000, 500_000};
        int[] counts = counts(new WeightedRandomPolicy(chance::nextLong), 1_000_000, weights);
        assertThat(Shares.chiSquare(counts, weights)).isLessThan(13.8); // 2 degrees of freedom
    }

    @Test
    void weightedRandomFollowsManyWeights() {
        double[] weights = chance.doubles(1_000, 0.1, 100).toArray();
        int[] counts = counts(new WeightedRandomPolicy(chance::nextLong), 1_000_000, weights);
        assertThat(Shares.chiSquare(counts, weights)).isLessThan(1_143); // 999 degrees of freedom
    }

    @Test
    void randomIgnoresTheWeights() {
        int[] counts = counts(new RandomPolicy(chance::nextLong), 30_000, 100, 1, 1);
        assertThat(Shares.chiSquare(counts, 1, 1, 1)).isLessThan(13.8);
    }

    @Test
    void pickFirstSticksToItsServerWhileThatIsReady() {
        List<Candidate> all = FakeCandidate.withWeights(1, 1, 1);
        PickFirstPolicy policy = new PickFirstPolicy();
        assertThat(policy.picker(all, all.subList(1, 3)).pick(FakeCall.PLAIN)).isSameAs(all.get(1));
        assertThat(policy.picker(all, all).pick(FakeCall.PLAIN)).isSameAs(all.get(1));
        assertThat(policy.picker(all, List.of(all.get(0), all.get(2))).pick(FakeCall.PLAIN))
                .isSameAs(all.get(0));
        assertThat(policy.picker(all, all).pick(FakeCall.PLAIN)).isSameAs(all.get(0));
    }

    private static String order(Policy policy, int picks, double... weights) {
        List<Candidate> ready = FakeCandidate.withWeights(weights);
        Policy.Picker picker = policy.picker(ready, ready);
        StringBuilder order = new StringBuilder();
        for (int i = 0; i < picks; i++) {
            order.append(ready.indexOf(picker.pick(FakeCall.PLAIN)));
        }
        return order.toString();
    }

    private static int[] counts(Policy policy, int picks, double... weights) {
        List<Candidate> ready = FakeCandidate.withWeights(weights);
        Policy.Picker picker = policy.picker(ready, ready);
        int[] counts = new int[weights.length];
        for (int i = 0; i < picks; i++) {
            counts[Integer.parseInt(picker.pick(FakeCall.PLAIN).endpoint().id())]++;
        }
        return counts;
    }

    private static void add(int[] to, int[] counts) {
        for (int i = 0; i < to.length; i++) {
            to[i] += counts[i];
        }
    }
}
