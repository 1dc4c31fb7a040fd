package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Hands the lists of one service to its listeners: the first at once, then at most ten a second, and none that equals the one before.
 * A reason for having no list is given only while there is none; from then on, that the registry stopped answering and that it answers
 * again. A listener that throws is told again. Lists of the registry's own are kept for the next process. For the loop's thread.
 */
@Internal
public final class EndpointPublisher {

    private final String service;
    private final LastLists<?> lists;
    private final MassChange massChange;
    private final Listeners<EndpointListener> listeners;
    private final Pace pace;

    private Supplier<List<Endpoint>> latest = List::of;
    private Supplier<UnusedRecords> latestUnused = () -> UnusedRecords.NONE;
    private @Nullable EndpointSnapshot published;
    private UnusedRecords unused = UnusedRecords.NONE;
    private boolean hadUnused;
    private @Nullable String reason;
    private boolean reachable = true;
    private long revision;
    private boolean live;

    /**
     * Creates one that has nothing to publish.
     *
     * @param lists keep what outlives the process
     * @param observer hears of mass changes
     */
    public EndpointPublisher(String service, RegistryLoop loop, LastLists<?> lists, RegistryObserver observer) {
        this.service = service;
        this.lists = lists;
        this.massChange = new MassChange(loop, observer);
        this.listeners = new Listeners<>(loop, this::tellKnown);
        this.pace = new Pace(loop, this::publish);
    }

    /** Adds a listener, and tells it what is known. */
    void add(EndpointListener listener) {
        listeners.add(listener);
    }

    /** Removes a listener; returns whether it was the last one. */
    boolean remove(EndpointListener listener) {
        return listeners.remove(listener);
    }

    /** Whether a list has been published. */
    public boolean hasPublished() {
        return published != null;
    }

    /** Whether a list of the registry's own has been published, not only a saved one. */
    public boolean isLive() {
        return live;
    }

    /** Publishes what an earlier process kept. */
    public void publishSaved(List<Endpoint> saved) {
        deliver(new EndpointSnapshot(service, 0, saved));
    }

    /** Tells why there is no list; where there is one, that the registry stopped answering. */
    public void unavailable(String why) {
        if (published != null) {
            reachable(false);
        } else if (!why.equals(reason)) {
            reason = why;
            listeners.tell(listener -> listener.onUnavailable(why));
        }
    }

    /** Tells that an endpoint was deregistered on purpose. */
    public void deregistered(Endpoint endpoint) {
        listeners.mention(listener -> listener.onDeregistered(endpoint));
    }

    /**
     * Publishes a list of the registry's own, now or as soon as the time before is long enough ago.
     *
     * @param at the registry's revision
     * @param list is asked for the endpoints when they are published
     */
    public void publishSoon(long at, Supplier<List<Endpoint>> list) {
        publishSoon(at, list, () -> UnusedRecords.NONE);
    }

    /**
     * The same where the registry may have records that the list goes without.
     *
     * @param unusedNow is asked for these after the list
     */
    public void publishSoon(long at, Supplier<List<Endpoint>> list, Supplier<UnusedRecords> unusedNow) {
        revision = at;
        latest = list;
        latestUnused = unusedNow;
        reachable(true);
        pace.soon();
    }

    /** Tells nobody any more. */
    void close() {
        pace.cancel();
        listeners.close();
    }

    private void reachable(boolean answers) {
        if (reachable != answers) {
            reachable = answers;
            listeners.tell(listener -> listener.onReachable(answers));
        }
    }

    private void publish() {
        List<Endpoint> endpoints = latest.get();
        UnusedRecords before = unused;
        unused = latestUnused.get();
        hadUnused |= unused.total() > 0;
        live = true;
        lists.keep(service, endpoints);
        if (published == null || !published.endpoints().equals(endpoints)) {
            deliver(new EndpointSnapshot(service, revision, endpoints));
        } else if (!unused.equals(before)) {
            pace.published();
            UnusedRecords now = unused;
            listeners.tell(listener -> listener.onUnused(now));
        }
    }

    private void deliver(EndpointSnapshot snapshot) {
        if (published != null) {
            massChange.between(published, snapshot.endpoints());
        }
        published = snapshot;
        pace.published();
        listeners.tellKnown();
    }

    private void tellKnown(EndpointListener listener) {
        EndpointSnapshot snapshot = published;
        String why = reason;
        if (hadUnused) {
            listener.onUnused(unused);
        }
        if (snapshot != null) {
            listener.onEndpoints(snapshot);
            if (!reachable || listeners.isOwed(listener)) {
                listener.onReachable(reachable);
            }
        } else if (why != null) {
            listener.onUnavailable(why);
        }
    }
}
