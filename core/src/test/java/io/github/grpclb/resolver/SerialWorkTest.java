package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.FakeClock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SerialWorkTest {

    @Test
    void runsOnceForManyRequestsBeforeIt() {
        FakeClock executor = new FakeClock();
        AtomicInteger runs = new AtomicInteger();
        SerialWork work = new SerialWork(executor, executor, runs::incrementAndGet);
        work.request();
        work.request();
        work.request();
        executor.runDue();
        assertThat(runs).hasValue(1);
        work.request();
        executor.runDue();
        assertThat(runs).hasValue(2);
    }

    @Test
    void runsOnceMoreForManyRequestsDuringIt() {
        FakeClock executor = new FakeClock();
        AtomicInteger runs = new AtomicInteger();
        SerialWork[] work = new SerialWork[1];
        work[0] = new SerialWork(executor, executor, () -> {
            if (runs.incrementAndGet() == 1) {
                work[0].request();
                work[0].request();
            }
        });
        work[0].request();
        executor.runDue();
        assertThat(runs).hasValue(2);
    }

    @Test
    void runsAgainAfterItsExecutorRefused() {
        FakeClock executor = new FakeClock();
        Queue<Error> refusals = new ArrayDeque<>(List.of(new OutOfMemoryError("on purpose: no native thread")));
        Queue<Runnable> later = new ArrayDeque<>();
        AtomicInteger runs = new AtomicInteger();
        SerialWork work = new SerialWork(
                task -> {
                    if (!refusals.isEmpty()) {
                        throw refusals.remove();
                    }
                    executor.execute(task);
                },
                later::add,
                runs::incrementAndGet);
        work.request();
        assertThat(later).hasSize(1);
        work.request();
        executor.runDue();
        assertThat(runs).hasValue(1);
        later.remove().run();
        executor.runDue();
        assertThat(runs).hasValue(2);
        assertThat(later).isEmpty();
    }

    @Test
    void triesAgainNoFasterWhileItsExecutorRefuses() {
        Queue<Runnable> later = new ArrayDeque<>();
        SerialWork work = new SerialWork(
                task -> {
                    throw new RejectedExecutionException("on purpose");
                },
                later::add,
                () -> {});
        for (int i = 0; i < 100; i++) {
            work.request();
        }
        assertThat(later).hasSize(1);
        later.remove().run();
        assertThat(later).hasSize(1);
    }

    @Test
    void runsAgainAfterAnErrorInIt() {
        FakeClock executor = new FakeClock();
        Queue<Runnable> later = new ArrayDeque<>();
        AtomicInteger runs = new AtomicInteger();
        SerialWork work = new SerialWork(executor, later::add, () -> {
            if (runs.incrementAndGet() == 1) {
                throw new StackOverflowError("on purpose");
            }
        });
        work.request();
        executor.runDue();
        work.request();
        executor.runDue();
        assertThat(runs).hasValue(2);
        later.remove().run();
        executor.runDue();
        assertThat(runs).hasValue(3);
        assertThat(later).isEmpty();
    }

    @Test
    void neverRunsTwiceAtATimeAndMissesNoRequest() {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            AtomicInteger wanted = new AtomicInteger();
            AtomicInteger seen = new AtomicInteger();
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger overlaps = new AtomicInteger();
            SerialWork work = new SerialWork(threads, threads, () -> {
                if (inside.incrementAndGet() > 1) {
                    overlaps.incrementAndGet();
                }
                seen.set(wanted.get());
                inside.decrementAndGet();
            });
            for (int i = 0; i < 20_000; i++) {
                wanted.incrementAndGet();
                work.request();
            }
            await().untilAsserted(() -> assertThat(seen).hasValue(20_000));
            assertThat(overlaps).hasValue(0);
        } finally {
            threads.shutdown();
        }
    }
}
