package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.RegistryObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Hands the lists of one service to its listeners: the first at once, then at most ten a second, and none that equals the one before.
 * A reason for having no list is given only while there is none; from then on, that the registry stopped answering and that it answers
 * again. A listener that throws is told again. Lists of the registry's own are kept for the next process. For the loop's thread.
 */
@Internal
public final class EndpointPublisher {

    private static final Duration COALESCE = Duration.ofMillis(100);

    /** When a list is published that could not be. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final String service;
    private final RegistryLoop loop;
    private final LastLists<?> lists;
    private final MassChange massChange;
    private final List<EndpointListener> listeners = new ArrayList<>();

    /** Those that threw at what they were last told. */
    private final Set<EndpointListener> owed = new LinkedHashSet<>();

    private final Backoff backoff;
    private final Alarm again;
    private final Alarm next;

    private Supplier<List<Endpoint>> latest = List::of;
    private @Nullable EndpointSnapshot published;
    private @Nullable String reason;
    private boolean publishes;
    private boolean reachable = true;
    private long revision;
    private long publishedAt;
    private boolean live;

    /**
     * Creates one that has nothing to publish.
     *
     * @param lists keep what outlives the process
     * @param observer hears of mass changes
     */
    public EndpointPublisher(String service, RegistryLoop loop, LastLists<?> lists, RegistryObserver observer) {
        this.service = service;
        this.loop = loop;
        this.lists = lists;
        this.massChange = new MassChange(loop, observer);
        this.backoff = new Backoff(loop);
        this.again = new Alarm(loop);
        this.next = new Alarm(loop);
    }

    /** Adds a listener, and tells it what is known. */
    void add(EndpointListener listener) {
        listeners.add(listener);
        tellAll(listener);
    }

    /** Removes a listener; returns whether it was the last one. */
    boolean remove(EndpointListener listener) {
        owed.remove(listener);
        return listeners.remove(listener) && listeners.isEmpty();
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
            tellEach(listener -> listener.onUnavailable(why));
        }
    }

    /** Tells that an endpoint was deregistered on purpose. */
    public void deregistered(Endpoint endpoint) {
        List.copyOf(listeners).forEach(listener -> loop.foreign(() -> listener.onDeregistered(endpoint)));
    }

    /**
     * Publishes a list of the registry's own, now or as soon as the time before is long enough ago.
     *
     * @param at the registry's revision
     * @param list is asked for the endpoints when they are published
     */
    public void publishSoon(long at, Supplier<List<Endpoint>> list) {
        revision = at;
        latest = list;
        reachable(true);
        Duration since = loop.since(publishedAt);
        if (published == null || since.compareTo(COALESCE) >= 0) {
            publish();
        } else if (!publishes) {
            publishes = true;
            next.set(COALESCE.minus(since), this::publish);
        }
    }

    /** Tells nobody any more. */
    void close() {
        next.cancel();
        again.cancel();
        listeners.clear();
        owed.clear();
    }

    private void reachable(boolean answers) {
        if (reachable != answers) {
            reachable = answers;
            tellEach(listener -> listener.onReachable(answers));
        }
    }

    private void publish() {
        publishes = true;
        next.set(RETRY, this::publish);
        List<Endpoint> endpoints = latest.get();
        live = true;
        lists.keep(service, endpoints);
        if (published == null || !published.endpoints().equals(endpoints)) {
            deliver(new EndpointSnapshot(service, revision, endpoints));
        }
        publishes = false;
        next.cancel();
    }

    private void deliver(EndpointSnapshot snapshot) {
        if (published != null) {
            massChange.between(published, snapshot.endpoints());
        }
        published = snapshot;
        publishedAt = loop.now();
        List.copyOf(listeners).forEach(this::tellAll);
    }

    private void tellEach(Consumer<EndpointListener> what) {
        for (EndpointListener listener : List.copyOf(listeners)) {
            if (!loop.foreign(() -> what.accept(listener))) {
                owe(listener);
            }
        }
    }

    /** Tells a listener what is known. */
    private void tellAll(EndpointListener listener) {
        boolean heard = loop.foreign(() -> {
            EndpointSnapshot snapshot = published;
            String why = reason;
            if (snapshot != null) {
                listener.onEndpoints(snapshot);
                if (!reachable || owed.contains(listener)) {
                    listener.onReachable(reachable);
                }
            } else if (why != null) {
                listener.onUnavailable(why);
            }
        });
        if (heard) {
            owed.remove(listener);
        } else {
            owe(listener);
        }
    }

    private void owe(EndpointListener listener) {
        if (owed.isEmpty()) {
            again.set(backoff.next(), this::tellAgain);
        }
        owed.add(listener);
    }

    private void tellAgain() {
        again.set(backoff.next(), this::tellAgain);
        List.copyOf(owed).forEach(this::tellAll);
        if (owed.isEmpty()) {
            again.cancel();
            backoff.reset();
        }
    }
}
