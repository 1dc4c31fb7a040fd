package io.github.grpclb.xds;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.ServiceCatalog;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A registry that says what a test has it say. Thread-safe. */
public final class FakeSource implements EndpointSource {

    private final Map<String, EndpointListener> listeners = new ConcurrentHashMap<>();
    private final Map<String, List<Endpoint>> lists = new ConcurrentHashMap<>();
    private final AtomicInteger subscriptions = new AtomicInteger();

    /** Whether it cannot be subscribed to now. */
    public volatile boolean failing;

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        if (service.contains("%")) {
            throw new IllegalArgumentException("no service: " + service);
        }
        if (failing) {
            throw new IllegalStateException("failing");
        }
        subscriptions.incrementAndGet();
        listeners.put(service, listener);
        List<Endpoint> list = lists.get(service);
        if (list != null) {
            listener.onEndpoints(new EndpointSnapshot(service, 0, list));
        }
        return new Subscription() {
            @Override
            public void refresh() {}

            @Override
            public void close() {
                listeners.remove(service, listener);
            }
        };
    }

    /** Whether it tells which services it has. */
    public volatile boolean hasCatalog;

    @Override
    public @Nullable ServiceCatalog catalog() {
        return hasCatalog ? this::services : null;
    }

    private CompletableFuture<ServiceCatalog.Services> services() {
        return CompletableFuture.completedFuture(new ServiceCatalog.Services(
                1,
                lists.entrySet().stream()
                        .filter(each -> !each.getValue().isEmpty())
                        .map(each -> new ServiceCatalog.Service(
                                each.getKey(), each.getValue().size()))
                        .toList(),
                true));
    }

    @Override
    public void close() {}

    /** Says which endpoints a service has. */
    public void list(String service, Endpoint... endpoints) {
        list(service, List.of(endpoints));
    }

    /** Says the same, and what is overridden of how calls are balanced. */
    public void list(String service, BalancingOverride override, Endpoint... endpoints) {
        lists.put(service, List.of(endpoints));
        listeners.get(service).onEndpoints(new EndpointSnapshot(service, 0, List.of(endpoints), override));
    }

    public void list(String service, List<Endpoint> endpoints) {
        lists.put(service, endpoints);
        EndpointListener listener = listeners.get(service);
        if (listener != null) {
            listener.onEndpoints(new EndpointSnapshot(service, 0, endpoints));
        }
    }

    /** Returns who follows a service, or null. */
    public @Nullable EndpointListener listener(String service) {
        return listeners.get(service);
    }

    /** Returns how many services are followed. */
    public int followed() {
        return listeners.size();
    }

    /** Returns how often a service was begun to be followed. */
    public int subscriptions() {
        return subscriptions.get();
    }

    /** Returns an endpoint of weight 1 at that port of a loopback address. */
    public static Endpoint endpoint(String service, int port) {
        return Endpoint.builder(service, "127.0.0.1", port)
                .id("s" + port)
                .startedAt(1)
                .key("/" + service + "/" + port)
                .build();
    }
}
