package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.util.ArrayList;
import java.util.List;

/** Remembers what a subscriber heard. */
final class HeardLists implements EndpointListener {

    private final List<EndpointSnapshot> snapshots = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        snapshots.add(snapshot);
    }

    @Override
    public void onUnavailable(String reason) {
        reasons.add(reason);
    }

    int count() {
        return snapshots.size();
    }

    List<Endpoint> endpoints() {
        return snapshots.isEmpty()
                ? List.of()
                : snapshots.get(snapshots.size() - 1).endpoints();
    }

    List<String> reasons() {
        return reasons;
    }
}
