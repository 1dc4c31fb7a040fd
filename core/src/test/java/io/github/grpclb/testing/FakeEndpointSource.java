package io.github.grpclb.testing;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.UnusedRecords;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A registry in which a test is the one who registers. Thread-safe. */
public final class FakeEndpointSource implements EndpointSource {

    private final Map<String, EndpointSnapshot> snapshots = new ConcurrentHashMap<>();
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    private final AtomicLong revision = new AtomicLong();
    private final AtomicInteger refreshes = new AtomicInteger();
    private volatile AddressRules rules = AddressRules.DEFAULT;

    /** Returns a server's endpoint, to be completed. */
    public static Endpoint.Builder endpoint(String service, TestServer server) {
        return Endpoint.builder(service, "127.0.0.1", server.port()).id(server.id());
    }

    /** Registers exactly these. */
    public void publish(String service, Endpoint... endpoints) {
        publish(service, List.of(endpoints));
    }

    /** Registers exactly these. */
    public void publish(String service, List<Endpoint> endpoints) {
        publish(new EndpointSnapshot(service, revision.incrementAndGet(), endpoints));
    }

    /** Registers exactly these, and says what is overridden of how calls are balanced. */
    public void publish(String service, BalancingOverride override, Endpoint... endpoints) {
        publish(new EndpointSnapshot(service, revision.incrementAndGet(), List.of(endpoints), override));
    }

    private void publish(EndpointSnapshot snapshot) {
        snapshots.put(snapshot.service(), snapshot);
        followersOf(snapshot.service()).forEach(follower -> follower.listener.onEndpoints(snapshot));
    }

    /** Says that there is no list yet. */
    public void unavailable(String service, String reason) {
        followersOf(service).forEach(follower -> follower.listener.onUnavailable(reason));
    }

    /** Says which records are not used. */
    public void unused(String service, UnusedRecords records) {
        followersOf(service).forEach(follower -> follower.listener.onUnused(records));
    }

    /** Says that the registry stopped answering, or answers again. */
    public void reachable(String service, boolean reachable) {
        followersOf(service).forEach(follower -> follower.listener.onReachable(reachable));
    }

    /** Bounds what its endpoints may be. */
    public void allow(AddressRules allowed) {
        rules = allowed;
    }

    @Override
    public AddressRules addressRules() {
        return rules;
    }

    public int followers() {
        return followers.size();
    }

    public int refreshes() {
        return refreshes.get();
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        if (service.startsWith("/")) {
            throw new IllegalArgumentException("service: '" + service + "' (expected: no leading slash)");
        }
        Follower follower = new Follower(service, listener);
        followers.add(follower);
        EndpointSnapshot snapshot = snapshots.get(service);
        if (snapshot != null) {
            listener.onEndpoints(snapshot);
        }
        return follower;
    }

    @Override
    public void close() {
        followers.clear();
    }

    private List<Follower> followersOf(String service) {
        return followers.stream()
                .filter(follower -> follower.service.equals(service))
                .toList();
    }

    private final class Follower implements Subscription {

        private final String service;
        private final EndpointListener listener;

        Follower(String service, EndpointListener listener) {
            this.service = service;
            this.listener = listener;
        }

        @Override
        public void refresh() {
            refreshes.incrementAndGet();
        }

        @Override
        public void close() {
            followers.remove(this);
        }
    }
}
