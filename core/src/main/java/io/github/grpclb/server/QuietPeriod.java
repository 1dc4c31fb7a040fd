package io.github.grpclb.server;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Waits until no new call has arrived for a while. Calls that clients sent before they heard of a drain still arrive after it; a
 * server that stops only when they have run dry fails none of them. Thread-safe; a call costs one read of a field while nobody
 * watches.
 */
public final class QuietPeriod {

    private final LongSupplier nanoTime;
    private final LongConsumer sleepNanos;
    private volatile boolean watching;
    private volatile long begun;
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

    /** Watches calls from now on, for whoever asks or waits later. */
    void begin() {
        begun = nanoTime.getAsLong();
        lastCall = begun;
        watching = true;
    }

    /** Watches no longer. Idempotent. */
    void end() {
        watching = false;
    }

    /** Returns how long no call has arrived, counted from {@link #begin} where none has since. */
    Duration quietFor() {
        return Duration.ofNanos(nanoTime.getAsLong() - lastCall);
    }

    /** Returns how long ago {@link #begin} was. */
    Duration watchedFor() {
        return Duration.ofNanos(nanoTime.getAsLong() - begun);
    }

    /**
     * Blocks until no call has arrived for {@code quiet}, or until {@code limit} has passed, or the thread is interrupted (its interrupt
     * status stays set). Both are counted from now or, where calls are watched already, from when that began.
     *
     * @return whether it became quiet
     */
    public boolean await(Duration quiet, Duration limit) {
        boolean watched = watching;
        if (!watched) {
            begin();
        }
        try {
            while (true) {
                long now = nanoTime.getAsLong();
                long untilQuiet = quiet.toNanos() - (now - lastCall);
                if (untilQuiet <= 0) {
                    return true;
                }
                long untilLimit = limit.toNanos() - (now - begun);
                if (untilLimit <= 0 || Thread.currentThread().isInterrupted()) {
                    return false;
                }
                sleepNanos.accept(Math.min(untilQuiet, untilLimit));
            }
        } finally {
            if (!watched) {
                end();
            }
        }
    }
}
