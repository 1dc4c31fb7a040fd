package io.github.grpclb.load;

import java.time.Duration;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What somebody who looks at the servers wants to know beyond what balancing needs: which share of a service's calls each had in the last
 * minute, and how long its calls took. The counts are looked at every ten seconds, which costs no call anything. How long calls take is
 * counted for servers that somebody has looked at, until five minutes after the last look, and for {@value #MOST} of them at most.
 * Thread-safe.
 */
public final class LoadObservation implements AutoCloseable {

    /** For how many servers at a time it is counted how long their calls take. */
    public static final int MOST = 4_096;

    private static final Duration SAMPLE_PERIOD = Duration.ofSeconds(10);

    /** Samples until a period of the histograms is over. */
    private static final int ROTATION = 3;

    private static final long WATCH_NANOS = TimeUnit.MINUTES.toNanos(5);

    private final EndpointLoads loads;
    private final CallShares shares = new CallShares();
    private final Map<EndpointLoad, Watched> watched = new HashMap<>();
    private @Nullable ScheduledExecutorService timer;
    private int ticks;

    /**
     * Creates an observation that begins with {@link #start}.
     *
     * @param loads whose servers are observed
     */
    public LoadObservation(EndpointLoads loads) {
        this.loads = loads;
    }

    /** Begins, on a thread of its own that keeps no JVM alive. Once is enough. */
    public synchronized void start() {
        if (timer == null) {
            timer = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "grpc-lb-observation");
                thread.setDaemon(true);
                return thread;
            });
            timer.scheduleAtFixedRate(this::tick, 0, SAMPLE_PERIOD.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /** Ends it, and forgets everything. Idempotent. */
    @Override
    public synchronized void close() {
        if (timer != null) {
            timer.shutdownNow();
        }
        watched.keySet().forEach(load -> load.countLatencies(null));
        watched.clear();
    }

    /** Does what is due every ten seconds. */
    synchronized void tick() {
        long now = nanoTime();
        shares.sample(loads.all(), now);
        ticks++;
        for (var each = watched.entrySet().iterator(); each.hasNext(); ) {
            var entry = each.next();
            if (now - entry.getValue().lookedAt >= WATCH_NANOS) {
                entry.getKey().countLatencies(null);
                each.remove();
            } else if (ticks % ROTATION == 0) {
                entry.getValue().histogram.rotate();
            }
        }
    }

    /** Returns the calls of the last minute, or of the time since the start where that is shorter. */
    public synchronized Minute lastMinute() {
        CallShares.Observed observed = shares.read(loads.all(), nanoTime());
        return new Minute(new IdentityHashMap<>(observed.calls()), observed.byService(), observed.nanos());
    }

    /**
     * Returns how long the calls of a server took, of the last half to whole minute; null where that was not counted, as it is from the
     * first time on that it is asked.
     */
    public synchronized @Nullable Latency latency(EndpointLoad load) {
        Watched watch = watched.get(load);
        if (watch == null) {
            if (watched.size() < MOST) {
                watch = new Watched(new LatencyHistogram());
                watched.put(load, watch);
                watch.lookedAt = nanoTime();
                load.countLatencies(watch.histogram);
            }
            return null;
        }
        watch.lookedAt = nanoTime();
        return watch.latency();
    }

    /** Returns the same where somebody has looked already; nothing is counted for being asked this. */
    public synchronized @Nullable Latency latencySoFar(EndpointLoad load) {
        Watched watch = watched.get(load);
        return watch == null ? null : watch.latency();
    }

    /** Returns the clock. */
    public long nanoTime() {
        return loads.nanoTime().getAsLong();
    }

    private static final class Watched {

        private final LatencyHistogram histogram;
        private long lookedAt;

        Watched(LatencyHistogram histogram) {
            this.histogram = histogram;
        }

        @Nullable
        Latency latency() {
            double median = histogram.millis(0.5);
            return Double.isNaN(median) ? null : new Latency(median, histogram.millis(0.99));
        }
    }

    /**
     * How long calls took until their first answer.
     *
     * @param p50Millis half of them took no longer
     * @param p99Millis all but a hundredth took no longer
     */
    public record Latency(double p50Millis, double p99Millis) {}

    /** The calls of the last minute. Immutable. */
    public static final class Minute {

        private final Map<EndpointLoad, Long> calls;
        private final Map<String, Long> byService;
        private final long nanos;

        private Minute(Map<EndpointLoad, Long> calls, Map<String, Long> byService, long nanos) {
            this.calls = calls;
            this.byService = byService;
            this.nanos = nanos;
        }

        /** Returns how many calls a server had. */
        public long calls(EndpointLoad load) {
            return calls.getOrDefault(load, 0L);
        }

        /** Returns the part of its service's calls that a server had, 0 to 1; null where the service had none. */
        public @Nullable Double share(EndpointLoad load) {
            Long all = byService.get(load.identity().service());
            return all == null ? null : (double) calls(load) / all;
        }

        /** Returns in how many seconds, up to about 70. */
        public long seconds() {
            return TimeUnit.NANOSECONDS.toSeconds(nanos);
        }
    }
}
