package io.github.grpclb.load;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How long calls took, in steps of about an eighth, from a microsecond to more than an hour: one kilobyte for each of two periods. What
 * is read comes from the period that runs and the one before. Thread-safe, without locks.
 */
final class LatencyHistogram {

    /** Each power of two is divided into as many steps. */
    private static final int STEP_BITS = 3;

    /** What is shorter than two to this power, in nanoseconds, counts as that. */
    private static final int LOWEST = 10;

    private static final int HIGHEST = 42;
    private static final int SIZE = (HIGHEST - LOWEST) << STEP_BITS;

    private volatile AtomicIntegerArray current = new AtomicIntegerArray(SIZE);
    private volatile AtomicIntegerArray before = new AtomicIntegerArray(SIZE);

    void add(long nanos) {
        current.incrementAndGet(step(nanos));
    }

    /** Begins the next period. */
    void rotate() {
        before = current;
        current = new AtomicIntegerArray(SIZE);
    }

    /**
     * Returns how long the calls took that are faster than all but a part.
     *
     * @param part from above 0 to 1
     * @return milliseconds, about a sixteenth off at most; NaN where there was no call
     */
    double millis(double part) {
        AtomicIntegerArray one = current;
        AtomicIntegerArray other = before;
        long all = 0;
        for (int i = 0; i < SIZE; i++) {
            all += one.get(i) + other.get(i);
        }
        long wanted = (long) Math.ceil(all * part);
        long seen = 0;
        for (int i = 0; i < SIZE; i++) {
            seen += one.get(i) + other.get(i);
            if (seen > 0 && seen >= wanted) {
                return middle(i) / TimeUnit.MILLISECONDS.toNanos(1);
            }
        }
        return Double.NaN;
    }

    private static int step(long nanos) {
        if (nanos < 1L << LOWEST) {
            return 0;
        }
        int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos);
        int within = (int) (nanos >>> (power - STEP_BITS)) & ((1 << STEP_BITS) - 1);
        return Math.min(SIZE - 1, ((power - LOWEST) << STEP_BITS) + within);
    }

    private static double middle(int step) {
        double width = Math.scalb(1.0, (step >> STEP_BITS) + LOWEST - STEP_BITS);
        return width * ((1 << STEP_BITS) + (step & ((1 << STEP_BITS) - 1)) + 0.5);
    }
}
