package io.github.grpclb.discovery;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Endpoints that are written down instead of registered. Immutable and thread-safe. */
public final class StaticEndpointSource implements EndpointSource {

    private static final Subscription NOTHING_TO_FOLLOW = new Subscription() {
        @Override
        public void refresh() {}

        @Override
        public void close() {}
    };

    private final Map<String, EndpointSnapshot> snapshots;

    /**
     * Creates a source of fixed lists.
     *
     * @param endpoints the endpoints by service
     */
    public StaticEndpointSource(Map<String, List<Endpoint>> endpoints) {
        this.snapshots = endpoints.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        Map.Entry::getKey, entry -> new EndpointSnapshot(entry.getKey(), 0, entry.getValue())));
    }

    /** Returns the services that have a list here. */
    public Set<String> services() {
        return snapshots.keySet();
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        EndpointSnapshot snapshot = snapshots.get(service);
        if (snapshot == null) {
            listener.onUnavailable("no static endpoints for '" + service + "' (known: " + services() + ")");
        } else {
            listener.onEndpoints(snapshot);
        }
        return NOTHING_TO_FOLLOW;
    }

    @Override
    public ServiceCatalog catalog() {
        List<ServiceCatalog.Service> services = snapshots.values().stream()
                .filter(snapshot -> !snapshot.endpoints().isEmpty())
                .map(snapshot -> new ServiceCatalog.Service(
                        snapshot.service(), snapshot.endpoints().size()))
                .sorted(Comparator.comparing(ServiceCatalog.Service::name))
                .toList();
        return () -> CompletableFuture.completedFuture(new ServiceCatalog.Services(0, services, true));
    }

    @Override
    public void close() {}
}
