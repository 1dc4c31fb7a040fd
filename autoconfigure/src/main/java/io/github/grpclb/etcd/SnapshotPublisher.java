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
 * the one before. A reason for having no list is given only while there is none. For the loop's thread.
 */
final class SnapshotPublisher {

    private static final Duration COALESCE = Duration.ofMillis(100);

    private final String service;
    private final EtcdLoop loop;
    private final EndpointTable table;
    private final MassChange massChange;
    private final List<EndpointListener> listeners = new ArrayList<>();

    private @Nullable EndpointSnapshot published;
    private @Nullable String reason;
    private EtcdLoop.@Nullable Timer timer;
    private long revision;
    private long publishedAt;

    SnapshotPublisher(String service, EtcdLoop loop, EndpointTable table, EtcdObserver observer) {
        this.service = service;
        this.loop = loop;
        this.table = table;
        this.massChange = new MassChange(observer);
    }

    /** Adds a listener and tells it what is known. */
    void add(EndpointListener listener) {
        listeners.add(listener);
        EndpointSnapshot snapshot = published;
        String why = reason;
        if (snapshot != null) {
            EtcdLoop.foreign(() -> listener.onEndpoints(snapshot));
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

    void unavailable(String why) {
        if (published == null && !why.equals(reason)) {
            reason = why;
            List.copyOf(listeners).forEach(listener -> EtcdLoop.foreign(() -> listener.onUnavailable(why)));
        }
    }

    /** Publishes what the table holds at a revision, now or as soon as the time before is long enough ago. */
    void publishSoon(long at) {
        revision = at;
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

    private void publish() {
        timer = null;
        table.logChanges();
        List<Endpoint> endpoints = table.endpoints();
        if (published != null && published.endpoints().equals(endpoints)) {
            return;
        }
        if (published != null) {
            massChange.between(published, endpoints);
        }
        EndpointSnapshot snapshot = new EndpointSnapshot(service, revision, endpoints);
        published = snapshot;
        publishedAt = loop.now();
        List.copyOf(listeners).forEach(listener -> EtcdLoop.foreign(() -> listener.onEndpoints(snapshot)));
    }
}
