package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class TurnCounterTest {

    @Test
    void countsStrictlyWhileTurnsDoNotOverlap() throws Exception {
        TurnCounter turns = new TurnCounter(5);
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            assertThat(turns.next()).isEqualTo(5);
            assertThat(one.submit(turns::next).get()).isEqualTo(6);
            assertThat(turns.next()).isEqualTo(7);
        } finally {
            one.shutdown();
        }
    }

    @Test
    void staysEvenWhenThreadsOverlap() throws Exception {
        TurnCounter turns = new TurnCounter(0);
        int threads = 4;
        int perThread = 300_000;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            Callable<int[]> work = () -> {
                int[] counts = new int[3];
                for (int i = 0; i < perThread; i++) {
                    counts[Integer.remainderUnsigned(turns.next(), 3)]++;
                }
                return counts;
            };
            List<Future<int[]>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(pool.submit(work));
            }
            int[] counts = new int[3];
            for (Future<int[]> result : results) {
                for (int i = 0; i < 3; i++) {
                    counts[i] += result.get()[i];
                }
            }
            int fair = threads * perThread / 3;
            // each of the counters may be in the middle of a round
            int counters = 1 + 4 * Runtime.getRuntime().availableProcessors();
            for (int count : counts) {
                assertThat(Math.abs(count - fair)).isLessThanOrEqualTo(counters);
            }
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void threadsThatWereStartedOneAfterTheOtherDoNotShareACounter() {
        for (int id = 1; id < 1_000; id++) {
            assertThat(TurnCounter.stripeOf(id)).isNotEqualTo(TurnCounter.stripeOf(id + 1));
        }
    }
}
