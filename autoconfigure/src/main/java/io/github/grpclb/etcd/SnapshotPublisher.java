package io.github.grpclb.etcd;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hands the lists of one service to its listeners: the first at once, then at most ten a second, and none that equals
 * the one before. A reason for having no list is given only while there is none; from then on, that the registry stopped answering
 * and that it answers again. Lists of etcd's own are kept for the next process. For the loop's thread.
 */
final class SnapshotPublisher {

    private static final Duration COALESCE = Duration.ofMillis(100);

    private final String service;
    private final EtcdLoop loop;
    private final EndpointTable table;
    private final LastLists lists;
    private final MassChange massChange;
    private final List<EndpointListener> listeners = new ArrayList<>();

    private @Nullable EndpointSnapshot published;
    private @Nullable String reason;
    private EtcdLoop.@Nullable Timer timer;
    private boolean reachable = true;
    private long revision;
    private long publishedAt;
    private boolean live;

    SnapshotPublisher(String service, EtcdLoop loop, EndpointTable table, Following following) {
        this.service = service;
        this.loop = loop;
        this.table = table;
        this.lists = following.lists();
        this.massChange = new MassChange(following.observer());
    }

    /** Adds a listener and tells it what is known. */
    void add(EndpointListener listener) {
        listeners.add(listener);
        EndpointSnapshot snapshot = published;
        String why = reason;
        if (snapshot != null) {
            boolean answers = reachable;
            EtcdLoop.foreign(() -> {
                listener.onEndpoints(snapshot);
                if (!answers) {
                    listener.onReachable(false);
                }
            });
        } else if (why != null) {
            EtcdLoop.foreign(() -> listener.onUnavailable(why));
        }
    }

    /** Removes a listener; returns whether it was the last one. */
    boolean remove(EndpointListener listener) {
        return listeners.remove(listener) && listeners.isEmpty();
    }

    boolean hasPublished() {
        return published != null;
    }

    /** Whether a list of etcd's own has been published, not only a saved one. */
    boolean isLive() {
        return live;
    }

    /** Publishes what the table holds of an earlier process. */
    void publishSaved() {
        table.listed();
        deliver(new EndpointSnapshot(service, 0, table.endpoints()));
    }

    void unavailable(String why) {
        if (published != null) {
            reachable(false);
        } else if (!why.equals(reason)) {
            reason = why;
            List.copyOf(listeners).forEach(listener -> EtcdLoop.foreign(() -> listener.onUnavailable(why)));
        }
    }

    /** Tells that an endpoint was deregistered on purpose. */
    void deregistered(Endpoint endpoint) {
        List.copyOf(listeners).forEach(listener -> EtcdLoop.foreign(() -> listener.onDeregistered(endpoint)));
    }

    /** Publishes what the table holds at a revision, now or as soon as the time before is long enough ago. */
    void publishSoon(long at) {
        revision = at;
        reachable(true);
        Duration since = loop.since(publishedAt);
        if (published == null || since.compareTo(COALESCE) >= 0) {
            publish();
        } else if (timer == null) {
            timer = loop.after(COALESCE.minus(since), this::publish);
        }
    }

    void close() {
        if (timer != null) {
            timer.cancel();
        }
        listeners.clear();
    }

    private void reachable(boolean answers) {
        if (reachable != answers) {
            reachable = answers;
            List.copyOf(listeners).forEach(listener -> EtcdLoop.foreign(() -> listener.onReachable(answers)));
        }
    }

    private void publish() {
        if (timer != null) { // on a busy machine an event may come before the timer that is due
            timer.cancel();
            timer = null;
        }
        table.listed();
        List<Endpoint> endpoints = table.endpoints();
        live = true;
        lists.keep(service, endpoints);
        if (published == null || !published.endpoints().equals(endpoints)) {
            deliver(new EndpointSnapshot(service, revision, endpoints));
        }
    }

    private void deliver(EndpointSnapshot snapshot) {
        if (published != null) {
            massChange.between(published, snapshot.endpoints());
        }
        published = snapshot;
        publishedAt = loop.now();
        List.copyOf(listeners).forEach(listener -> EtcdLoop.foreign(() -> listener.onEndpoints(snapshot)));
    }
}
