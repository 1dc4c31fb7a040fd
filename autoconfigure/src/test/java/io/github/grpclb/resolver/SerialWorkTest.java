package io.github.grpclb.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.FakeClock;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SerialWorkTest {

    @Test
    void runsOnceForManyRequestsBeforeIt() {
        FakeClock executor = new FakeClock();
        AtomicInteger runs = new AtomicInteger();
        SerialWork work = new SerialWork(executor, runs::incrementAndGet);
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
        work[0] = new SerialWork(executor, () -> {
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
    void neverRunsTwiceAtATimeAndMissesNoRequest() {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            AtomicInteger wanted = new AtomicInteger();
            AtomicInteger seen = new AtomicInteger();
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger overlaps = new AtomicInteger();
            SerialWork work = new SerialWork(threads, () -> {
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
