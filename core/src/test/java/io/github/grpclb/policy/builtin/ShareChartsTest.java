package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The charts of {@code docs/policies.md} show what the policies do. Seeded, so every run draws the same. */
class ShareChartsTest {

    private static final int BAR = 40;
    private static final double[] UNEQUAL = {5, 1, 1};
    private static final double[] EQUAL = {1, 1, 1};

    @TestFactory
    Stream<DynamicTest> showWhatThePoliciesDo() throws IOException {
        String page = Files.readString(Repository.file("docs/policies.md"));
        return Stream.of(
                        chart("round_robin", picks(new RoundRobinPolicy(new TurnCounter(0)), UNEQUAL)),
                        chart("random", picks(new RandomPolicy(chance()), UNEQUAL)),
                        chart("weighted_random", picks(new WeightedRandomPolicy(chance()), UNEQUAL)),
                        chart("weighted_round_robin", picks(new WeightedRoundRobinPolicy(new TurnCounter(0)), UNEQUAL)),
                        chart("least_request", oneIsSlow(new LeastRequestPolicy(ConfigFields.of(Map.of()), chance()))),
                        chart("peak_ewma", oneIsSlow(new PeakEwmaPolicy(ConfigFields.of(Map.of()), chance()))),
                        chart("consistent_hash, ring", keys(Map.of("algorithm", "ring"))),
                        chart("consistent_hash, maglev", keys(Map.of("algorithm", "maglev"))),
                        chart("pick_first", picks(new PickFirstPolicy(), UNEQUAL)))
                .map(chart -> DynamicTest.dynamicTest(chart.lines().findFirst().orElseThrow(), () -> assertThat(page)
                        .contains(chart)));
    }

    private static LongSupplier chance() {
        return new Random(7)::nextLong;
    }

    private static double[] picks(Policy policy, double... weights) {
        List<Candidate> servers = FakeCandidate.withWeights(weights);
        return shares(policy, servers, 70_000, i -> FakeCall.PLAIN);
    }

    private static double[] keys(Map<String, ?> options) {
        List<Candidate> servers = FakeCandidate.withWeights(EQUAL);
        return shares(
                new ConsistentHashPolicy(ConfigFields.of(options), chance()),
                servers,
                20_000,
                i -> FakeCall.with(RoutingKeys.HASH_KEY, "user-" + i));
    }

    private static double[] shares(Policy policy, List<Candidate> servers, int calls, IntFunction<FakeCall> call) {
        Policy.Picker picker = policy.picker(servers, servers);
        double[] shares = new double[servers.size()];
        for (int i = 0; i < calls; i++) {
            shares[servers.indexOf(picker.pick(call.apply(i)))] += 1.0 / calls;
        }
        return shares;
    }

    /** The third server takes ten times as long as the others. */
    private static double[] oneIsSlow(Policy policy) {
        Duration fast = Duration.ofMillis(10);
        Simulation simulation = new Simulation(
                new FakeClock(),
                FakeCandidate.withWeights(EQUAL),
                policy,
                (server, now) -> server == 2 ? fast.multipliedBy(10) : fast);
        simulation.run(Duration.ofSeconds(120), 300);
        return new double[] {simulation.share(0), simulation.share(1), simulation.share(2)};
    }

    private static String chart(String title, double... shares) {
        StringBuilder chart = new StringBuilder(title).append('\n');
        for (int i = 0; i < shares.length; i++) {
            int filled = (int) Math.round(shares[i] * BAR);
            chart.append(String.format(
                    Locale.ROOT,
                    "  server %d  %s%s  %5.1f %%%n",
                    i + 1,
                    "█".repeat(filled),
                    "░".repeat(BAR - filled),
                    shares[i] * 100));
        }
        return chart.toString();
    }
}
