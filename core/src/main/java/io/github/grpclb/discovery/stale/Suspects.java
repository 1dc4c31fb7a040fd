package io.github.grpclb.discovery.stale;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.Internal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Decides from one list to the next what becomes of endpoints that the registry no longer lists.
 *
 * <ul>
 *   <li>One that was draining is gone.
 *   <li>Any other is <em>missing</em>: gone after {@link #WINDOW_NANOS}, unless it becomes a suspect until then.
 *   <li>Those that are missing become <em>suspects</em> in a mass expiry: when at least two servers lost their keys within the window,
 *       some of which may have put them back already, and these are more than the others that take calls; or when the registry lists
 *       none at all. A suspect is gone after the longest time that stale endpoints are kept.
 *   <li>One that was deregistered on purpose stays missing and does not count as lost. It is a suspect only while none is listed: then
 *       nobody else could take its calls, and whoever deleted it may have erred.
 *   <li>Whoever is listed again, by its address or its id, is an ordinary endpoint.
 * </ul>
 *
 * <p>A majority, since a rack or one of several zones may really fail at once and half of the servers can stand in for it; a window,
 * since the leases of a fleet that is cut off run out one by one, over the time between two renewals (a third of the TTL: the window
 * is enough for one of 45 s).
 *
 * <p>Time that passes while the registry is unreachable does not count: it cannot say that anybody is back. Not thread-safe.
 */
@Internal
public final class Suspects {

    /** The longest time from the first to the last endpoint of a mass expiry. */
    public static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** What {@link #nextNanos()} says when time alone changes nothing. */
    public static final long NEVER = Long.MAX_VALUE;

    private final long staleMax;
    private final Map<String, Gone> gone = new LinkedHashMap<>();

    /** When an address last lost its key, within the window: also those that are back. */
    private final Map<String, Long> losses = new HashMap<>();

    /** Who was deregistered and was listed when last looked. */
    private final Map<String, Endpoint> leaving = new HashMap<>();

    private List<Endpoint> listed = List.of();
    private boolean reachable = true;
    private long clock;
    private long clockReadAt;

    /**
     * Creates it.
     *
     * @param staleMax the longest time that suspects are kept; 0 keeps none
     * @param now the time, as in all further calls
     */
    public Suspects(Duration staleMax, long now) {
        this.staleMax = staleMax.toNanos();
        this.clockReadAt = now;
    }

    /**
     * Takes a new list.
     *
     * @return how many endpoints have become suspects
     */
    public int take(List<Endpoint> endpoints, long now) {
        elapse(now);
        losses.values().removeIf(since -> clock - since >= WINDOW_NANOS);
        List<Endpoint> before = listed;
        listed = endpoints;
        if (gone.isEmpty() && EndpointSnapshot.haveSameAddresses(before, endpoints)) {
            for (int i = 0; i < endpoints.size(); i++) {
                noteIfPutBack(before.get(i), endpoints.get(i));
            }
            return 0;
        }
        Map<String, Endpoint> byAddress = new HashMap<>();
        Set<String> ids = new HashSet<>();
        for (Endpoint endpoint : endpoints) {
            byAddress.put(endpoint.address(), endpoint);
            if (endpoint.id() != null) {
                ids.add(endpoint.id());
            }
        }
        for (Endpoint endpoint : before) {
            Endpoint successor = byAddress.get(endpoint.address());
            if (successor != null) {
                noteIfPutBack(endpoint, successor);
            } else if (staleMax > 0
                    && endpoint.registeredState() == Endpoint.State.UP
                    && !ids.contains(endpoint.id())
                    && gone.putIfAbsent(endpoint.address(), new Gone(endpoint, clock)) == null) {
                losses.put(endpoint.address(), clock);
                Endpoint left = leaving.remove(endpoint.address());
                if (left != null) {
                    deregistered(left);
                }
            }
        }
        gone.entrySet()
                .removeIf(each -> byAddress.containsKey(each.getKey())
                        || ids.contains(each.getValue().endpoint.id()));
        leaving.keySet().retainAll(byAddress.keySet());
        return judge();
    }

    /** Says that an endpoint that is missing, or soon will be, was deregistered on purpose. */
    public void deregistered(Endpoint endpoint) {
        Gone vanished = gone.get(endpoint.address());
        if (vanished == null) {
            leaving.put(endpoint.address(), endpoint);
        } else if (vanished.endpoint.createRevision() == endpoint.createRevision()) {
            vanished.deregistered = true;
            losses.remove(endpoint.address());
            if (endpoint.registeredState() == Endpoint.State.DRAINING) {
                gone.remove(endpoint.address()); // as where a list was seen in between
            }
        }
    }

    /** A server that never stopped and has another key now had lost it, be it that no list was seen without it. */
    private void noteIfPutBack(Endpoint before, Endpoint now) {
        if (before != now
                && before.createRevision() != now.createRevision()
                && before.startedAt() != 0
                && before.identity().equals(now.identity())) {
            losses.put(now.address(), clock);
        }
    }

    /** Says whether the registry answers, from now on. */
    public void reachable(boolean answers, long now) {
        elapse(now);
        reachable = answers;
    }

    /** Gives up whose time has come; returns how many suspects these are. */
    public int elapse(long now) {
        if (reachable) {
            clock += now - clockReadAt;
        }
        clockReadAt = now;
        int before = suspects().size();
        gone.values().removeIf(each -> clock - each.since >= keptFor(each));
        return before - suspects().size();
    }

    /** Returns in how many nanoseconds somebody's time has come, or {@link #NEVER}. */
    public long nextNanos() {
        if (!reachable) {
            return NEVER;
        }
        return gone.values().stream()
                .mapToLong(each -> each.since + keptFor(each) - clock)
                .min()
                .orElse(NEVER);
    }

    /** Returns the suspects in the order in which they vanished. */
    public List<Endpoint> suspects() {
        return vanished(true);
    }

    /** Returns who is missing and no suspect, in the order in which they vanished. */
    public List<Endpoint> missing() {
        return vanished(false);
    }

    private int judge() {
        long unharmed = listed.stream()
                .filter(each -> each.registeredState() == Endpoint.State.UP && !losses.containsKey(each.address()))
                .count();
        int suspected = 0;
        if (listed.isEmpty() || (losses.size() >= 2 && losses.size() > unharmed)) {
            for (Gone each : gone.values()) {
                if (!each.suspect && (!each.deregistered || listed.isEmpty())) {
                    each.suspect = true;
                    suspected++;
                }
            }
        }
        return suspected;
    }

    private long keptFor(Gone each) {
        return isSuspect(each) ? staleMax : Math.min(staleMax, WINDOW_NANOS);
    }

    private boolean isSuspect(Gone each) {
        return each.suspect && (!each.deregistered || listed.isEmpty());
    }

    private List<Endpoint> vanished(boolean suspect) {
        if (gone.isEmpty()) {
            return List.of();
        }
        List<Endpoint> found = new ArrayList<>();
        for (Gone each : gone.values()) {
            if (isSuspect(each) == suspect) {
                found.add(each.endpoint);
            }
        }
        return found;
    }

    private static final class Gone {

        private final Endpoint endpoint;
        private final long since;
        private boolean suspect;
        private boolean deregistered;

        Gone(Endpoint endpoint, long since) {
            this.endpoint = endpoint;
            this.since = since;
        }
    }
}
