package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** Remembers what a subscriber heard. Thread-safe. */
final class Heard implements EndpointListener {

    private final List<EndpointSnapshot> snapshots = new CopyOnWriteArrayList<>();
    private final List<String> reasons = new CopyOnWriteArrayList<>();
    private final List<String> deregistered = new CopyOnWriteArrayList<>();
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
    public void onDeregistered(Endpoint endpoint) {
        deregistered.add(describe(endpoint));
    }

    @Override
    public void onReachable(boolean answers) {
        reachable.add(answers);
    }

    List<EndpointSnapshot> snapshots() {
        return snapshots;
    }

    /** Returns each list as text: addresses in their order, with a {@code ~} after those that drain. */
    List<String> lists() {
        return snapshots.stream()
                .map(snapshot ->
                        snapshot.endpoints().stream().map(Heard::describe).collect(Collectors.joining(" ")))
                .toList();
    }

    /** Returns the endpoints of the last list, none where there is no list. */
    List<Endpoint> endpoints() {
        return snapshots.isEmpty()
                ? List.of()
                : snapshots.get(snapshots.size() - 1).endpoints();
    }

    List<String> reasons() {
        return reasons;
    }

    List<String> deregistered() {
        return deregistered;
    }

    List<Boolean> reachable() {
        return reachable;
    }

    private static String describe(Endpoint endpoint) {
        return endpoint.address() + (endpoint.state() == Endpoint.State.DRAINING ? "~" : "");
    }
}
