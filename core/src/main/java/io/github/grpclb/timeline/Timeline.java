package io.github.grpclb.timeline;

import io.github.grpclb.discovery.Endpoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The last {@value #MOST} events of a process, in memory. What several channels tell of one server is kept once. Of a kind of event of a
 * service the first {@value #SINGLY} within ten seconds stand by themselves and the others are summed up, so that a change of ten
 * thousand servers does not push everything else out. Thread-safe; whoever adds an event is not kept waiting.
 */
public final class Timeline {

    /** How many events are kept. */
    public static final int MOST = 500;

    /** How many events of a kind and a service stand by themselves, before others of the next ten seconds are summed up. */
    public static final int SINGLY = 10;

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** How long a sum stays open for a reader at the least. */
    private static final long SUM_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How many servers a sum names. */
    private static final int NAMED = 3;

    /** For how many topics it is remembered what was last told. */
    private static final int REMEMBERED = 2 * MOST;

    /** A cause may quote what a server or the registry says. */
    private static final int LONGEST_CAUSE = 500;

    /** What happened. */
    public enum Kind {
        /** A server is in the registry's list, and was not. */
        JOINED,
        /** A server is no longer in the registry's list. */
        LEFT,
        /** A server vanished from the registry with many others, and stays in use. */
        SUSPECT,
        /** A server is left out as an outlier. */
        EJECTED,
        /** A server that was ejected takes calls again. */
        READMITTED,
        /** A record of the registry cannot be used, or can again. */
        REFUSED,
        /** A server says that it is about to leave. */
        DRAINING,
        /** A server's weight in the registry is another. */
        WEIGHT,
        /** A channel picks by another policy. */
        POLICY,
        /** An override was set. */
        OVERRIDE_SET,
        /** An override ended. */
        OVERRIDE_ENDED,
        /** The registry stopped answering. */
        REGISTRY_AWAY,
        /** The registry answers again. */
        REGISTRY_BACK,
        /** Another process holds this one's place in the registry. */
        CONFLICT,
        /** Too few servers are usable: ejected ones are used as well. */
        PANIC,
        /** Enough servers are usable again. */
        PANIC_OVER,
        /** A connection to a server is ready. */
        CONNECTED,
        /** A connection that was ready is so no longer, or one that was under way failed. */
        DISCONNECTED;

        /** Returns the same for kinds of which one ends what the other began. */
        private Kind topic() {
            return switch (this) {
                case LEFT -> JOINED;
                case READMITTED -> EJECTED;
                case OVERRIDE_ENDED -> OVERRIDE_SET;
                case REGISTRY_BACK -> REGISTRY_AWAY;
                case PANIC_OVER -> PANIC;
                case DISCONNECTED -> CONNECTED;
                default -> this;
            };
        }
    }

    /**
     * An event.
     *
     * @param number counts from 1 and only grows
     * @param nanoTime when it was, by the clock of the timeline
     * @param service the service that it is about, or null where it is about all
     * @param address the server's {@code host:port}, or null where it is about several, or none
     * @param id the server's own id, or null
     * @param kind what happened
     * @param cause why, for a person to read
     */
    public record Event(
            long number,
            long nanoTime,
            @Nullable String service,
            @Nullable String address,
            @Nullable String id,
            Kind kind,
            String cause) {}

    private final LongSupplier nanoTime;
    private final Deque<Event> events = new ArrayDeque<>();
    private final Map<Topic, Told> told = new LinkedHashMap<>();
    private final Map<Source, Burst> bursts = new LinkedHashMap<>();
    private long last;

    /** Creates an empty one. */
    public Timeline() {
        this(System::nanoTime);
    }

    /**
     * Creates an empty one.
     *
     * @param nanoTime the monotonic time
     */
    public Timeline(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Returns the clock of its events. */
    public LongSupplier nanoTime() {
        return nanoTime;
    }

    /** Adds an event of one server. */
    public void add(Kind kind, Endpoint server, String cause) {
        add(kind, server.service(), server.address(), server.id(), cause);
    }

    /**
     * Adds an event.
     *
     * @param service the service that it is about, or null for all
     * @param address the server's {@code host:port}, or null where it is about no server, or about all of a service
     * @param id the server's own id, or null
     * @param cause why, for a person to read
     */
    public synchronized void add(
            Kind kind, @Nullable String service, @Nullable String address, @Nullable String id, String cause) {
        long now = nanoTime.getAsLong();
        if (!isRepeated(new Topic(kind.topic(), service, address, id), kind, cause, now)) {
            Burst burst = burst(kind, service, now);
            if (burst.alone < SINGLY) {
                burst.alone++;
                append(now, service, address, id, kind, cause);
            } else {
                burst.more(1, (address == null ? "" : address + ": ") + cause, now);
            }
        }
    }

    /**
     * Adds what happened to several servers of a service at once: an event for each of a few, one for all of many.
     *
     * @param cause says why, of one of them
     */
    public synchronized void add(Kind kind, List<Endpoint> servers, Function<Endpoint, String> cause) {
        if (servers.size() <= SINGLY) {
            servers.forEach(server -> add(kind, server, cause.apply(server)));
            return;
        }
        Endpoint first = servers.get(0);
        String example = servers.stream().limit(NAMED).map(Endpoint::address).collect(Collectors.joining(", "))
                + "; the first: " + cause.apply(first);
        long now = nanoTime.getAsLong();
        String sum = servers.size() + " servers at once, such as " + example;
        if (!isRepeated(new Topic(kind.topic(), first.service(), null, null), kind, sum, now)) {
            Burst burst = burst(kind, first.service(), now);
            if (burst.alone < SINGLY) {
                burst.alone++;
                append(now, first.service(), null, null, kind, sum);
            } else {
                burst.more(servers.size(), example, now);
            }
        }
    }

    /** Returns the number of the last event; 0 where there was none. */
    public synchronized long last() {
        sumUp(SUM_NANOS);
        return last;
    }

    /**
     * Returns the events that are kept and came after another, the oldest first.
     *
     * @param number that event's number; 0 for all
     */
    public synchronized List<Event> since(long number) {
        sumUp(SUM_NANOS);
        List<Event> later = new ArrayList<>();
        for (var each = events.descendingIterator(); each.hasNext(); ) {
            Event event = each.next();
            if (event.number <= number) {
                break;
            }
            later.add(event);
        }
        Collections.reverse(later);
        return later;
    }

    private boolean isRepeated(Topic topic, Kind kind, String cause, long now) {
        Told before = told.get(topic);
        if (before != null && before.kind == kind && before.cause.equals(cause) && now - before.nanos < WINDOW_NANOS) {
            return true;
        }
        told.remove(topic);
        told.put(topic, new Told(kind, cause, now));
        if (told.size() > REMEMBERED) {
            told.remove(told.keySet().iterator().next());
        }
        return false;
    }

    private Burst burst(Kind kind, @Nullable String service, long now) {
        Source source = new Source(kind, service);
        Burst burst = bursts.get(source);
        if (burst == null || now - burst.since >= WINDOW_NANOS) {
            sumUp(0);
            bursts.values().removeIf(each -> now - each.since >= WINDOW_NANOS);
            burst = new Burst(now);
            bursts.put(source, burst);
        }
        return burst;
    }

    /** Adds the sums that are open, for as long at the least. */
    private void sumUp(long nanos) {
        long now = nanoTime.getAsLong();
        bursts.forEach((source, burst) -> {
            if (burst.count > 0 && now - burst.countedSince >= nanos) {
                append(
                        burst.latest,
                        source.service,
                        null,
                        null,
                        source.kind,
                        burst.count + " more, the last: " + burst.example);
                burst.count = 0;
            }
        });
    }

    private void append(
            long nanos,
            @Nullable String service,
            @Nullable String address,
            @Nullable String id,
            Kind kind,
            String cause) {
        events.add(new Event(++last, nanos, service, address, id, kind, cut(cause)));
        if (events.size() > MOST) {
            events.remove();
        }
    }

    private static String cut(String cause) {
        return cause.length() <= LONGEST_CAUSE ? cause : cause.substring(0, LONGEST_CAUSE) + "…";
    }

    private record Topic(
            Kind kind,
            @Nullable String service,
            @Nullable String address,
            @Nullable String id) {}

    private record Told(Kind kind, String cause, long nanos) {}

    private record Source(Kind kind, @Nullable String service) {}

    /** Events of a kind and a service within ten seconds. */
    private static final class Burst {

        private final long since;
        private int alone;
        private int count;
        private long countedSince;
        private long latest;
        private String example = "";

        Burst(long since) {
            this.since = since;
        }

        void more(int servers, String latestExample, long now) {
            if (count == 0) {
                countedSince = now;
            }
            count += servers;
            example = Objects.requireNonNull(latestExample);
            latest = now;
        }
    }
}
