package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Seeded, so every run draws the same. */
class LeastRequestPolicyTest {

    private final Random chance = new Random(7);

    @Test
    void takesTheLeastBusyOfAllWhereItLooksAtAll() {
        List<Candidate> servers = busy(new double[] {1, 1, 1, 1, 1}, 4, 2, 1, 3, 2);
        assertThat(counts(policy(Map.of("choiceCount", 5.0)), servers, 100)).containsExactly(0, 0, 100, 0, 0);
        assertThat(counts(policy(Map.of("choiceCount", 10)), servers, 100)).containsExactly(0, 0, 100, 0, 0);
    }

    @Test
    void neverTakesTheBusiestOfSeveralSinceChoicesAreDistinct() {
        for (int choices = 2; choices <= 4; choices++) {
            List<Candidate> servers = busy(new double[] {1, 1, 1, 1}, 9, 1, 1, 1);
            assertThat(counts(policy(Map.of("choiceCount", choices)), servers, 1_000)[0])
                    .isZero();
        }
    }

    @Test
    void twoChoicesAreAnyTwo() {
        // the least busy of n is among two with 2/n, the second with 2/n × (n-2)/(n-1), and so on
        List<Candidate> servers = busy(new double[] {1, 1, 1, 1}, 0, 1, 2, 3);
        int[] counts = counts(policy(Map.of()), servers, 60_000);
        assertThat(counts[3]).isZero();
        assertThat(Shares.chiSquare(new int[] {counts[0], counts[1], counts[2]}, 3, 2, 1))
                .isLessThan(13.8); // 2 degrees of freedom, p = 0.001
    }

    @Test
    void anIdleServiceHasSharesByWeight() {
        for (double[] weights :
                List.of(new double[] {5, 1}, new double[] {5, 1, 1}, new double[] {1_000_000, 999, 5e5})) {
            for (int choices : new int[] {2, 3, 10}) {
                int[] counts =
                        counts(policy(Map.of("choiceCount", choices)), FakeCandidate.withWeights(weights), 70_000);
                assertThat(Shares.chiSquare(counts, weights)).isLessThan(13.8);
            }
        }
        double[] alike = {1, 1, 1};
        assertThat(Shares.chiSquare(counts(policy(Map.of()), FakeCandidate.withWeights(alike), 30_000), alike))
                .isLessThan(13.8);
    }

    @Test
    void comparesCallsInProportionToWeights() {
        double[] weights = {5, 1};
        assertThat(Shares.chiSquare(counts(policy(Map.of()), busy(weights, 10, 2), 30_000), weights))
                .isLessThan(10.8); // 1 degree of freedom
        assertThat(counts(policy(Map.of()), busy(weights, 10, 0), 100)).containsExactly(0, 100);
        assertThat(counts(policy(Map.of()), busy(weights, 5, 2), 100)).containsExactly(100, 0);
    }

    @Test
    void biasSaysHowMuchLoadMatters() {
        double[] weights = {5, 1};
        assertThat(Shares.chiSquare(
                        counts(policy(Map.of("activeRequestBias", 0)), busy(weights, 500, 0), 30_000), weights))
                .isLessThan(10.8);
        int usual = counts(policy(Map.of()), busy(weights, 1, 0), 30_000)[0];
        int eager = counts(policy(Map.of("activeRequestBias", 3.0)), busy(weights, 1, 0), 30_000)[0];
        assertThat(eager).isLessThan(usual);
    }

    @Test
    void weightsHoldUnderLoadAndGiveWayToASlowServer() {
        FakeClock clock = new FakeClock();
        Duration fast = Duration.ofMillis(10);
        List<Candidate> servers = FakeCandidate.withWeights(4, 1, 1);
        Simulation simulation = new Simulation(clock, servers, policy(Map.of()), (server, now) -> fast);
        assertThat(simulation.run(Duration.ofSeconds(30), 1_000).share(0)).isBetween(0.6, 0.68);
        Simulation slow = new Simulation(
                clock, servers, policy(Map.of()), (server, now) -> server == 0 ? fast.multipliedBy(10) : fast);
        assertThat(slow.run(Duration.ofSeconds(30), 1_000).share(0)).isLessThan(0.4);
    }

    @Test
    void namesOptionValueAndRangeOfWhatIsWrong() {
        assertRefused(Map.of("choiceCount", 1), "choiceCount: 1 (expected: a whole number from 2 to 10)");
        assertRefused(Map.of("choiceCount", 2.5), "choiceCount: 2.5 (expected: a whole number from 2 to 10)");
        assertRefused(
                Map.of("activeRequestBias", -1.0), "activeRequestBias: -1.0 (expected: a number from 0.0 to 100.0)");
    }

    private LeastRequestPolicy policy(Map<String, ?> options) {
        return new LeastRequestPolicy(ConfigFields.of(options), chance::nextLong);
    }

    private static List<Candidate> busy(double[] weights, int... calls) {
        List<Candidate> servers = FakeCandidate.withWeights(weights);
        for (int i = 0; i < calls.length; i++) {
            for (int call = 0; call < calls[i]; call++) {
                servers.get(i).load().started(0);
            }
        }
        return servers;
    }

    private static int[] counts(Policy policy, List<Candidate> servers, int picks) {
        Policy.Picker picker = policy.picker(servers, servers);
        int[] counts = new int[servers.size()];
        for (int i = 0; i < picks; i++) {
            counts[servers.indexOf(picker.pick(FakeCall.PLAIN))]++;
        }
        return counts;
    }

    private static void assertRefused(Map<String, ?> options, String message) {
        assertThatThrownBy(() -> new LeastRequestPolicy(ConfigFields.of(options)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
