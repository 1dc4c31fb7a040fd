package io.github.grpclb.load;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The loads of all servers that the channels of a context know. A load is kept while a channel has the server in its list, and for
 * some minutes after the last one let go of it: so it outlives idle times and lists that are short for a moment. Thread-safe.
 */
public final class EndpointLoads {

    private static final Duration DEFAULT_RETENTION = Duration.ofMinutes(5);

    private final long retentionNanos;
    private final LongSupplier nanoTime;
    private final Map<Endpoint.Identity, Entry> entries = new HashMap<>();
    private final Deque<Released> released = new ArrayDeque<>();

    /** Creates an empty registry that keeps a load for five minutes. */
    public EndpointLoads() {
        this(DEFAULT_RETENTION, System::nanoTime);
    }

    /**
     * Creates an empty registry.
     *
     * @param retention how long a load is kept after the last channel let go of its server; ≥ 0
     * @param nanoTime the monotonic time
     */
    public EndpointLoads(Duration retention, LongSupplier nanoTime) {
        if (retention.isNegative()) {
            throw new IllegalValueException("retention", retention, "0 or more");
        }
        this.retentionNanos = retention.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Returns all loads that are kept, in no order. */
    public synchronized List<EndpointLoad> all() {
        forget();
        List<EndpointLoad> all = new ArrayList<>(entries.size());
        entries.values().forEach(entry -> all.add(entry.load));
        return all;
    }

    /** Returns the clock by which the loads are kept. */
    public LongSupplier nanoTime() {
        return nanoTime;
    }

    /** Returns the load of a server, made where there is none, and keeps it until it is {@linkplain #release released}. */
    public synchronized EndpointLoad acquire(Endpoint.Identity identity) {
        forget();
        Entry entry = entries.computeIfAbsent(
                identity, missing -> new Entry(new EndpointLoad(missing, nanoTime.getAsLong())));
        entry.holders++;
        return entry.load;
    }

    /** Lets go of what {@link #acquire} gave; once for each time. */
    public synchronized void release(EndpointLoad load) {
        Entry entry = entries.get(load.identity());
        if (entry != null && --entry.holders == 0) {
            entry.releasedNanos = nanoTime.getAsLong();
            released.add(new Released(load.identity(), entry.releasedNanos));
        }
        forget();
    }

    private void forget() {
        long now = nanoTime.getAsLong();
        for (Released next = released.peek();
                next != null && now - next.nanos >= retentionNanos;
                next = released.peek()) {
            released.poll();
            Entry entry = entries.get(next.identity);
            if (entry != null && entry.holders == 0 && now - entry.releasedNanos >= retentionNanos) {
                entries.remove(next.identity);
            }
        }
    }

    private static final class Entry {

        private final EndpointLoad load;
        private int holders;
        private long releasedNanos;

        Entry(EndpointLoad load) {
            this.load = load;
        }
    }

    /** When a server was last let go of, in order of time; void if it has been asked for again since. */
    private record Released(Endpoint.Identity identity, long nanos) {}
}
