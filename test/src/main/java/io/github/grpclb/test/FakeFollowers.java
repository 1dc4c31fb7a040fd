package io.github.grpclb.test;

import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Those who follow services of a fake registry, and the last list of each. All of it belongs to the registry's lock. */
final class FakeFollowers {

    private final Object lock;
    private final FakeRecords records;
    private final List<Follower> followers = new ArrayList<>();

    /** The last list of each service that was ever followed. */
    private final Map<String, EndpointSnapshot> published = new TreeMap<>();

    FakeFollowers(Object lock, FakeRecords records) {
        this.lock = lock;
        this.records = records;
    }

    Subscription add(String service, EndpointListener listener) {
        Follower follower = new Follower(service, listener);
        followers.add(follower);
        EndpointSnapshot known = published.get(service);
        if (known != null) {
            listener.onEndpoints(known);
        }
        return follower;
    }

    void clear() {
        followers.clear();
    }

    /** Says whether a service has a list, be it an old one. */
    boolean know(String service) {
        return published.containsKey(service);
    }

    /** Tells whoever follows a service whose records are no longer those of its last list. */
    void publish() {
        Set<String> followed = new TreeSet<>(published.keySet());
        followers.forEach(each -> followed.add(each.service));
        for (String service : followed) {
            EndpointSnapshot before = published.get(service);
            EndpointSnapshot now = new EndpointSnapshot(service, records.revision(), records.of(service));
            if (before == null || !before.endpoints().equals(now.endpoints())) {
                published.put(service, now);
                tell(service, listener -> listener.onEndpoints(now));
            }
        }
    }

    /** Tells whoever knows a list whether the registry answers. */
    void tellReachable(boolean reachable) {
        List.copyOf(published.keySet()).forEach(service -> tell(service, listener -> listener.onReachable(reachable)));
    }

    /** Tells whoever follows a service. One of them may end the subscription of another. */
    void tell(String service, Consumer<EndpointListener> what) {
        for (Follower each : List.copyOf(followers)) {
            if (each.service.equals(service) && followers.contains(each)) {
                what.accept(each.listener);
            }
        }
    }

    private final class Follower implements Subscription {

        private final String service;
        private final EndpointListener listener;

        Follower(String service, EndpointListener listener) {
            this.service = service;
            this.listener = listener;
        }

        /** Nothing here is stale unless the test wants it so. */
        @Override
        public void refresh() {}

        @Override
        public void close() {
            synchronized (lock) {
                followers.remove(this);
            }
        }
    }
}
