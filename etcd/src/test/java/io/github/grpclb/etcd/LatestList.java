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

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        snapshots.add(snapshot);
    }

    @Override
    public void onUnavailable(String reason) {
        reasons.add(reason);
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
