package io.github.grpclb.resolver;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one piece of work on an executor, never twice at the same time, and once more whenever it was asked for meanwhile. Many
 * requests during one run end in a single further run. Where the executor refuses, or the work throws, it is tried again by and by.
 * Thread-safe.
 */
final class SerialWork {

    private static final Logger logger = LoggerFactory.getLogger(SerialWork.class);

    private final Executor executor;
    private final Executor later;
    private final Runnable work;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicBoolean triedLater = new AtomicBoolean();

    /**
     * Creates it.
     *
     * @param later runs what it is given after a while, once more after a failure
     */
    SerialWork(Executor executor, Executor later, Runnable work) {
        this.executor = executor;
        this.later = later;
        this.work = work;
    }

    /** Returns at once and never throws. */
    void request() {
        if (requests.getAndIncrement() == 0) {
            submit();
        }
    }

    private void submit() {
        try {
            executor.execute(this::runUntilNoneIsLeft);
        } catch (Throwable e) { // also "unable to create native thread", an OutOfMemoryError
            requests.set(0);
            tryLater("cannot be started", e);
        }
    }

    /** Synchronized, since an executor that threw may have kept the task all the same. */
    private synchronized void runUntilNoneIsLeft() {
        int left;
        do {
            int seen = requests.get();
            try {
                work.run();
            } catch (Throwable e) {
                tryLater("failed", e);
            }
            left = requests.addAndGet(-seen);
        } while (left != 0);
    }

    private void tryLater(String what, Throwable cause) {
        try {
            if (triedLater.compareAndSet(false, true)) {
                later.execute(this::tryNow);
                logger.warn("The work on a list of endpoints {}, it is tried again", what, cause);
            }
        } catch (Throwable e) {
            triedLater.set(false);
            cause.addSuppressed(e);
        }
    }

    private void tryNow() {
        triedLater.set(false);
        request();
    }
}
