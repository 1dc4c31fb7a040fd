package io.github.grpclb.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.test.PolicyTester;
import io.github.grpclb.test.VirtualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** What docs/testing.md shows of the test of a policy. */
class FastestTest {

    /** The faster of two servers that are drawn by chance. */
    static final class Fastest implements Policy {

        private static final Duration DECAY = Duration.ofSeconds(5);

        private final LongSupplier nanoTime;
        private final LongSupplier chance;

        Fastest(LongSupplier nanoTime, LongSupplier chance) {
            this.nanoTime = nanoTime;
            this.chance = chance;
        }

        @Override
        public String name() {
            return "fastest";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> {
                long now = nanoTime.getAsLong();
                Candidate one = ready.get(Math.floorMod(chance.getAsLong(), ready.size()));
                Candidate other = ready.get(Math.floorMod(chance.getAsLong(), ready.size()));
                return one.load().latency(DECAY).at(now)
                                <= other.load().latency(DECAY).at(now)
                        ? one
                        : other;
            };
        }
    }

    @Test
    void leavesAServerThatBecameSlow() {
        VirtualTime time = new VirtualTime();
        PolicyTester tester = new PolicyTester(new Fastest(time, new Random(7)::nextLong), time);
        tester.add(PolicyTester.server("a").build());
        tester.add(PolicyTester.server("b").zone("z2").build());

        tester.run(Duration.ofSeconds(20), 100, server -> Duration.ofMillis(10));
        Map<String, Integer> calls =
                tester.run(Duration.ofSeconds(20), 100, server -> Duration.ofMillis(server.equals("b") ? 500 : 10));
        assertThat(calls.get("b")).isLessThan(calls.get("a") / 2);
    }
}
