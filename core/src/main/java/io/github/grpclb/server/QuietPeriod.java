package io.github.grpclb.server;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Waits until no new call has arrived for a while. Calls that clients sent before they heard of a drain still arrive after it; a
 * server that stops only when they have run dry fails none of them. Thread-safe; a call costs one read of a field while nobody
 * waits.
 */
public final class QuietPeriod {

    private final LongSupplier nanoTime;
    private final LongConsumer sleepNanos;
    private volatile boolean watching;
    private volatile long lastCall;

    /** Creates one on the system's monotonic clock. */
    public QuietPeriod() {
        this(System::nanoTime, LockSupport::parkNanos);
    }

    QuietPeriod(LongSupplier nanoTime, LongConsumer sleepNanos) {
        this.nanoTime = nanoTime;
        this.sleepNanos = sleepNanos;
    }

    /** Notes that a call has arrived. */
    public void callArrived() {
        if (watching) {
            lastCall = nanoTime.getAsLong();
        }
    }

    /**
     * Blocks until no call has arrived for {@code quiet}, counted from now, or until {@code limit} has passed, or the thread is
     * interrupted (its interrupt status stays set).
     *
     * @return whether it became quiet
     */
    public boolean await(Duration quiet, Duration limit) {
        long start = nanoTime.getAsLong();
        lastCall = start;
        watching = true;
        try {
            while (true) {
                long now = nanoTime.getAsLong();
                long untilQuiet = quiet.toNanos() - (now - lastCall);
                if (untilQuiet <= 0) {
                    return true;
                }
                long untilLimit = limit.toNanos() - (now - start);
                if (untilLimit <= 0 || Thread.currentThread().isInterrupted()) {
                    return false;
                }
                sleepNanos.accept(Math.min(untilQuiet, untilLimit));
            }
        } finally {
            watching = false;
        }
    }
}
