package io.github.grpclb.etcd;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers what a subscriber heard. Thread-safe. */
public final class LatestList implements EndpointListener {

    private final List<EndpointSnapshot> snapshots = new CopyOnWriteArrayList<>();
    private final List<String> reasons = new CopyOnWriteArrayList<>();
    private final List<Boolean> reachable = new CopyOnWriteArrayList<>();

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        snapshots.add(snapshot);
    }

    @Override
    public void onUnavailable(String reason) {
        reasons.add(reason);
    }

    @Override
    public void onReachable(boolean answers) {
        reachable.add(answers);
    }

    public List<EndpointSnapshot> snapshots() {
        return snapshots;
    }

    /** Returns each list as text, such as {@code a:1=5 b:1=1}. */
    public List<String> lists() {
        return snapshots.stream()
                .map(snapshot -> String.join(
                        " ",
                        snapshot.endpoints().stream()
                                .map(endpoint -> endpoint.address() + "=" + endpoint.weight())
                                .toList()))
                .toList();
    }

    public EndpointSnapshot last() {
        return snapshots.get(snapshots.size() - 1);
    }

    public List<Boolean> reachable() {
        return reachable;
    }

    public List<Endpoint> endpoints() {
        return snapshots.isEmpty()
                ? List.of()
                : snapshots.get(snapshots.size() - 1).endpoints();
    }

    List<List<Endpoint>> everyList() {
        return snapshots.stream().map(EndpointSnapshot::endpoints).toList();
    }

    public int count() {
        return snapshots.size();
    }

    public List<String> reasons() {
        return reasons;
    }
}
