package io.github.grpclb.resolver;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs one piece of work on an executor, never twice at the same time, and once more whenever it was asked for meanwhile. Many
 * requests during one run end in a single further run. Thread-safe.
 */
final class SerialWork {

    private final Executor executor;
    private final Runnable work;
    private final AtomicInteger requests = new AtomicInteger();

    /**
     * Creates it.
     *
     * @param work must not throw, or it never runs again
     */
    SerialWork(Executor executor, Runnable work) {
        this.executor = executor;
        this.work = work;
    }

    void request() {
        if (requests.getAndIncrement() == 0) {
            executor.execute(this::runUntilNoneIsLeft);
        }
    }

    private void runUntilNoneIsLeft() {
        int seen = requests.get();
        do {
            work.run();
            seen = requests.addAndGet(-seen);
        } while (seen != 0);
    }
}
