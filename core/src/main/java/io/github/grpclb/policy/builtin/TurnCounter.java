package io.github.grpclb.policy.builtin;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * Counts turns. They come in strict order for as long as no two threads take one at the same moment. From the first time that they
 * do, each thread counts on one of several counters, which then each keep strict order: several times faster than one contended
 * counter, and no more than a few turns less even. Thread-safe.
 */
final class TurnCounter {

    private static final int STRIPES =
            Integer.highestOneBit(4 * Runtime.getRuntime().availableProcessors());

    /** Two cache lines of ints, since a core may fetch them in pairs. */
    private static final int STRIDE = 32;

    /** Fibonacci hashing: in its upper bits, what is close together, such as the ids of threads, comes to lie far apart. */
    private static final int SPREAD = 0x9E3779B9;

    /** Leaves the upper bits that name a stripe. */
    private static final int TO_STRIPE = Integer.numberOfLeadingZeros(STRIPES) + 1;

    private final AtomicInteger only;
    private volatile @Nullable AtomicIntegerArray stripes;

    /** Starts anywhere, so that not all clients of a service begin with the same server. */
    TurnCounter() {
        this(ThreadLocalRandom.current().nextInt());
    }

    TurnCounter(int start) {
        this.only = new AtomicInteger(start);
    }

    /** Returns the next turn. It wraps around: take it as unsigned. */
    int next() {
        AtomicIntegerArray striped = stripes;
        if (striped == null) {
            int turn = only.get();
            if (only.compareAndSet(turn, turn + 1)) {
                return turn;
            }
            striped = stripe(turn);
        }
        return striped.getAndIncrement(stripeOf(Thread.currentThread().getId()) * STRIDE);
    }

    /** Returns the stripe of a thread. Threads that were started one after the other have different ones. */
    static int stripeOf(long threadId) {
        return (int) threadId * SPREAD >>> TO_STRIPE;
    }

    private synchronized AtomicIntegerArray stripe(int turn) {
        AtomicIntegerArray striped = stripes;
        if (striped == null) {
            striped = new AtomicIntegerArray((STRIPES + 1) * STRIDE);
            for (int i = 0; i < STRIPES; i++) {
                striped.set(i * STRIDE, turn + i * SPREAD);
            }
            stripes = striped;
        }
        return striped;
    }
}
