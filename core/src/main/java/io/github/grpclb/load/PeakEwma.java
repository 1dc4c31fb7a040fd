package io.github.grpclb.load;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * The average of a server's latencies, in which a latency counts the less the longer ago it was, and one above the average replaces
 * it at once: so a server that becomes slow is noticed with its first slow call, and one that became fast again after a while.
 * Reading decays, too: a server that is no longer called for its latency comes to look faster, and is tried again.
 *
 * <p>After Finagle's {@code PeakEwma}. One 64-bit word holds both the average, as a {@code float} of nanoseconds, and when it was
 * last fed, in ticks of about a millisecond; of several latencies below the average in one tick the first counts. Thread-safe,
 * without locks and without allocation.
 */
public final class PeakEwma {

    private static final AtomicLongFieldUpdater<PeakEwma> STATE =
            AtomicLongFieldUpdater.newUpdater(PeakEwma.class, "state");

    /** Nanoseconds to ticks of about a millisecond. */
    static final int TICK_BITS = 20;

    private final long decayNanos;
    private final double decayTicks;

    private volatile long state;

    /**
     * Creates an average without data.
     *
     * @param decay how long it takes until a latency counts 1/e of what it did; above 0
     */
    public PeakEwma(Duration decay) {
        if (decay.isNegative() || decay.isZero()) {
            throw new IllegalValueException("decay", decay, "above 0");
        }
        this.decayNanos = decay.toNanos();
        this.decayTicks = Math.scalb((double) decayNanos, -TICK_BITS);
    }

    /** Copies another as it is now. */
    PeakEwma(PeakEwma other) {
        this.decayNanos = other.decayNanos;
        this.decayTicks = other.decayTicks;
        this.state = other.state;
    }

    long decayNanos() {
        return decayNanos;
    }

    /**
     * Returns the average as of now in nanoseconds; 0 where there is none, which is so before the first latency and when the last
     * is so long ago that it says no more: after three times the decay, when 95 % of it has gone.
     *
     * @param nanoTime the monotonic time now
     */
    public double at(long nanoTime) {
        long known = state;
        if (known == 0) {
            return 0;
        }
        int elapsed = (int) tick(nanoTime) - (int) known;
        if (elapsed <= 0) {
            return average(known);
        }
        double decays = elapsed / decayTicks;
        return decays > 3 ? 0 : average(known) * left(decays);
    }

    /** Returns the average in nanoseconds as it was at the last latency, however long ago that is; 0 before the first. */
    public double latest() {
        return average(state);
    }

    /** Takes in the latency of a call that was answered, in nanoseconds. */
    void add(long latencyNanos, long nanoTime) {
        int now = (int) tick(nanoTime);
        float latency = Math.max(1, latencyNanos);
        for (long known = state; ; known = state) {
            float average = average(known);
            int elapsed = now - (int) known;
            float next;
            if (known == 0 || latency >= average) {
                next = latency;
            } else if (elapsed <= 0) {
                return;
            } else {
                double kept = left(elapsed / decayTicks);
                next = (float) (average * kept + latency * (1 - kept));
            }
            if (STATE.compareAndSet(this, known, pack(next, now))) {
                return;
            }
        }
    }

    /** Takes in that a call had no answer yet after so many nanoseconds: its latency would have been at least that. */
    void addAtLeast(long latencyNanos, long nanoTime) {
        if (latencyNanos > at(nanoTime)) {
            add(latencyNanos, nanoTime);
        }
    }

    /** Returns e^-x, for what was fed a moment ago by the first two terms of its series: within 1/20 000, at a tenth of the price. */
    private static double left(double x) {
        return x < 0.01 ? 1 - x : Math.exp(-x);
    }

    private static long pack(float average, int tick) {
        return (long) Float.floatToRawIntBits(average) << 32 | tick & 0xFFFF_FFFFL;
    }

    private static float average(long packed) {
        return Float.intBitsToFloat((int) (packed >>> 32));
    }

    static long tick(long nanoTime) {
        return nanoTime >> TICK_BITS;
    }
}
