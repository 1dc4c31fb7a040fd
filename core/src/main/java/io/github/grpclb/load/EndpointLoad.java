package io.github.grpclb.load;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.Status;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What this process has seen of one server, over all its channels: calls in flight, latency, and how calls ended. It belongs to
 * the server process, told by {@link Endpoint.Identity}, and so outlives lists, policies, connections and idle times, while a
 * server that was restarted begins anew.
 *
 * <p>The balancer feeds it; a policy reads it at each pick. Feeding it from elsewhere makes sense only in the test of a policy.
 * Thread-safe, without locks; nothing allocates but the first failure.
 */
public final class EndpointLoad {

    /** How long latencies count where nothing else is asked for. */
    public static final Duration DEFAULT_DECAY = Duration.ofSeconds(10);

    // fields of this object rather than objects of their own: a pick among many servers is as slow as its cache misses
    private static final AtomicIntegerFieldUpdater<EndpointLoad> IN_FLIGHT =
            AtomicIntegerFieldUpdater.newUpdater(EndpointLoad.class, "inFlight");
    private static final AtomicLongFieldUpdater<EndpointLoad> WAITING =
            AtomicLongFieldUpdater.newUpdater(EndpointLoad.class, "waiting");

    /** As long as a caller waits in vain for a failed call, at the least. */
    private static final long FAILURE_NANOS = 1_000_000_000;

    /** Bits of {@link #waiting} that count calls; the others hold the sum of their starts. */
    private static final int COUNT_BITS = 20;

    private final Endpoint.Identity identity;
    private volatile int inFlight;

    /**
     * Of the calls without an answer: their number, and the sum of the ticks at which they started, modulo 2^44. Together in one
     * word they always fit each other, and the sum of their ages is exact as long as it stays below 290 years.
     */
    private volatile long waiting;

    private final LongAdder successes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder cancellations = new LongAdder();
    private long firstReadyNanos;

    /** Set after the time, and so the time is seen by who sees it. */
    private volatile boolean wasReady;

    private volatile long latestNanos;
    private volatile PeakEwma[] latencies = {new PeakEwma(DEFAULT_DECAY)};

    /** By the number of the status; made with the first failure. */
    private volatile @Nullable AtomicLongArray failuresByCode;

    /** Only while somebody looks. */
    private volatile @Nullable LatencyHistogram histogram;

    /**
     * Creates the load of a server that has had no call yet.
     *
     * @param nanoTime the monotonic time now
     */
    public EndpointLoad(Endpoint.Identity identity, long nanoTime) {
        this.identity = identity;
        this.latestNanos = nanoTime;
    }

    /** Copies another but for the calls that have no answer yet. */
    private EndpointLoad(EndpointLoad other) {
        this.identity = other.identity;
        this.inFlight = Math.max(0, other.inFlight - other.waiting());
        this.successes.add(other.successes());
        this.failures.add(other.failures());
        this.cancellations.add(other.cancellations());
        this.wasReady = other.wasReady;
        this.firstReadyNanos = other.firstReadyNanos;
        this.latestNanos = other.latestNanos;
        this.latencies = Arrays.stream(other.latencies).map(PeakEwma::new).toArray(PeakEwma[]::new);
    }

    /**
     * Returns a load that has seen what this one has, and goes on apart from it. Of the calls in flight it has those alone that were
     * answered already, such as streams: when each of the {@linkplain #waiting others} was sent is not known one by one, so whoever goes
     * on with them sends them anew.
     */
    public EndpointLoad copyWithoutWaiting() {
        return new EndpointLoad(this);
    }

    /** Returns whose load this is. */
    public Endpoint.Identity identity() {
        return identity;
    }

    /** Takes in that a connection to the server is ready; the first time counts. */
    public synchronized void ready(long nanoTime) {
        if (!wasReady) {
            firstReadyNanos = nanoTime;
            wasReady = true;
        }
    }

    /** Returns for how many nanoseconds the server has been known to be ready; 0 where it never was. */
    public long nanosSinceReady(long nanoTime) {
        return wasReady ? Math.max(0, nanoTime - firstReadyNanos) : 0;
    }

    /** Returns when there was last news of a call, in nanoseconds of the monotonic clock; before any, when it was first seen. */
    public long latestNanos() {
        return latestNanos;
    }

    /** Returns how many calls have been sent, or wait for the connection to have room for them, and have not ended. */
    public int inFlight() {
        return inFlight;
    }

    /** Returns how many calls of those {@linkplain #inFlight in flight} have no answer yet. */
    public int waiting() {
        return (int) (waiting & (1 << COUNT_BITS) - 1);
    }

    /** Returns how many calls ended in {@link CallOutcome#SUCCESS}; only grows. */
    public long successes() {
        return successes.sum();
    }

    /** Returns how many calls ended in {@link CallOutcome#FAILURE}; only grows. */
    public long failures() {
        return failures.sum();
    }

    /** Returns how many calls ended in {@link CallOutcome#CANCELLED}; only grows. */
    public long cancellations() {
        return cancellations.sum();
    }

    /** Returns how many calls ended in {@link CallOutcome#FAILURE} with which status; only grows. */
    public Map<Status.Code, Long> failuresByCode() {
        Map<Status.Code, Long> byCode = new EnumMap<>(Status.Code.class);
        AtomicLongArray counts = failuresByCode;
        if (counts != null) {
            for (Status.Code code : Status.Code.values()) {
                long count = counts.get(code.value());
                if (count > 0) {
                    byCode.put(code, count);
                }
            }
        }
        return byCode;
    }

    /** Takes in with which status a call ended that {@link #ended} is told to have failed. */
    public void failedWith(Status.Code code) {
        AtomicLongArray counts = failuresByCode;
        if (counts == null) {
            counts = newFailuresByCode();
        }
        counts.incrementAndGet(code.value());
    }

    private synchronized AtomicLongArray newFailuresByCode() {
        AtomicLongArray counts = failuresByCode;
        if (counts == null) {
            counts = new AtomicLongArray(Status.Code.values().length);
            failuresByCode = counts;
        }
        return counts;
    }

    /** Has latencies counted from now on; with null no more. */
    void countLatencies(@Nullable LatencyHistogram in) {
        histogram = in;
    }

    /**
     * Returns the average time until a call's first answer, its first message or else its end.
     *
     * @param decay how long latencies count; above 0. What has not been asked for before starts without data
     */
    public PeakEwma latency(Duration decay) {
        for (PeakEwma latency : latencies) {
            if (latency.decayNanos() == decay.toNanos()) {
                return latency;
            }
        }
        return newLatency(decay);
    }

    /**
     * Returns for how long the calls that have no answer yet have been waiting, on average and in nanoseconds; 0 where none is. A
     * server that stalls is told by it before any call ends, as Kratos does in its own EWMA.
     *
     * @param nanoTime the monotonic time now
     */
    public long meanWaitNanos(long nanoTime) {
        long packed = waiting;
        long count = packed & (1 << COUNT_BITS) - 1;
        if (count == 0) {
            return 0;
        }
        long ages = (count * PeakEwma.tick(nanoTime) << COUNT_BITS) - (packed - count);
        // a call that started in the tick before may be as young as a nanosecond
        return Math.max(0, (ages >> COUNT_BITS) / count - 1) << PeakEwma.TICK_BITS;
    }

    /** Takes in that a call was sent, or handed to a connection that will send it once it can. */
    public void started(long nanoTime) {
        latestNanos = nanoTime;
        IN_FLIGHT.incrementAndGet(this);
        WAITING.addAndGet(this, startOf(nanoTime));
    }

    /**
     * Takes in the first answer to a call.
     *
     * @param startedNanos what {@link #started} was told
     */
    public void answered(long startedNanos, long nanoTime) {
        latestNanos = nanoTime;
        WAITING.addAndGet(this, -startOf(startedNanos));
        addLatency(nanoTime - startedNanos, nanoTime);
    }

    /**
     * Takes in that a call ended. A failure counts as a latency of at least a second, lest a server that fails at once look fast;
     * a call that its caller gave up counts as one of at least the time that it had.
     *
     * @param answered whether {@link #answered} was told of it
     * @param startedNanos what {@link #started} was told
     */
    public void ended(CallOutcome outcome, boolean answered, long startedNanos, long nanoTime) {
        latestNanos = nanoTime;
        if (!answered) {
            WAITING.addAndGet(this, -startOf(startedNanos));
        }
        IN_FLIGHT.decrementAndGet(this);
        long elapsed = nanoTime - startedNanos;
        switch (outcome) {
            case SUCCESS -> {
                successes.increment();
                if (!answered) {
                    addLatency(elapsed, nanoTime);
                }
            }
            case FAILURE -> {
                failures.increment();
                if (!answered) {
                    count(elapsed);
                }
                addLatencyAtLeast(Math.max(elapsed, FAILURE_NANOS), nanoTime);
            }
            case CANCELLED -> {
                cancellations.increment();
                if (!answered) {
                    addLatencyAtLeast(elapsed, nanoTime);
                }
            }
        }
    }

    /** Takes back a {@link #started}: the call had ended already. */
    public void notStarted(long startedNanos) {
        WAITING.addAndGet(this, -startOf(startedNanos));
        IN_FLIGHT.decrementAndGet(this);
    }

    /**
     * Takes in that a call ended before it was sent: it would have taken longer than it waited, and no more is known of the server.
     * Of one that has answered nothing lately, such a wait says little: a short one would make it look fast.
     */
    public void givenUp(long startedNanos, long nanoTime) {
        notStarted(startedNanos);
        for (PeakEwma latency : latencies) {
            if (latency.at(nanoTime) > 0) {
                latency.addAtLeast(nanoTime - startedNanos, nanoTime);
            }
        }
    }

    private void addLatency(long nanos, long nanoTime) {
        count(nanos);
        for (PeakEwma latency : latencies) {
            latency.add(nanos, nanoTime);
        }
    }

    private void count(long nanos) {
        LatencyHistogram counted = histogram;
        if (counted != null) {
            counted.add(nanos);
        }
    }

    private void addLatencyAtLeast(long nanos, long nanoTime) {
        for (PeakEwma latency : latencies) {
            latency.addAtLeast(nanos, nanoTime);
        }
    }

    private synchronized PeakEwma newLatency(Duration decay) {
        PeakEwma[] before = latencies;
        for (PeakEwma latency : before) {
            if (latency.decayNanos() == decay.toNanos()) {
                return latency;
            }
        }
        PeakEwma[] after = Arrays.copyOf(before, before.length + 1);
        after[before.length] = new PeakEwma(decay);
        latencies = after;
        return after[before.length];
    }

    private static long startOf(long nanoTime) {
        return (PeakEwma.tick(nanoTime) << COUNT_BITS) + 1;
    }
}
