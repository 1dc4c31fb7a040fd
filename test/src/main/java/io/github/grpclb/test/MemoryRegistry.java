package io.github.grpclb.test;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A registry within a process, for tests that need no other: what is registered in it is seen by all that follow it, at once. Its
 * targets are {@code memory:///service}. In a Spring Boot test, two beans put it in etcd's place:
 *
 * <pre>{@code
 * @Bean
 * EndpointSource endpointSource(MemoryRegistry registry) {
 *     return registry.source();
 * }
 *
 * @Bean
 * EndpointRegistrar endpointRegistrar(MemoryRegistry registry) {
 *     return registry.registrar();
 * }
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class MemoryRegistry {

    private final Map<String, Map<String, Endpoint>> services = new LinkedHashMap<>();
    private final List<Follower> followers = new ArrayList<>();
    private long revision;

    /** Returns a view that follows this registry. Closing it does nothing. */
    public EndpointSource source() {
        return new Source();
    }

    /** Returns what registers here. Closing it withdraws nothing. */
    public EndpointRegistrar registrar() {
        return new Registrar();
    }

    /** Returns what is registered of a service, in the order of the first registration of each address. */
    public synchronized List<Endpoint> endpoints(String service) {
        return List.copyOf(services.getOrDefault(service, Map.of()).values());
    }

    private synchronized void put(Endpoint endpoint) {
        services.computeIfAbsent(endpoint.service(), service -> new LinkedHashMap<>())
                .put(endpoint.address(), endpoint);
        changed(endpoint.service());
    }

    private synchronized void remove(Endpoint endpoint) {
        Map<String, Endpoint> all = services.get(endpoint.service());
        if (all != null && all.remove(endpoint.address(), endpoint)) {
            changed(endpoint.service());
        }
    }

    private void changed(String service) {
        revision++;
        followers.stream().filter(each -> each.service.equals(service)).forEach(this::tell);
    }

    private void tell(Follower follower) {
        follower.listener.onEndpoints(new EndpointSnapshot(follower.service, revision, endpoints(follower.service)));
    }

    private record Follower(String service, EndpointListener listener) {}

    private final class Source implements EndpointSource {

        @Override
        public String scheme() {
            return "memory";
        }

        @Override
        public Subscription subscribe(String service, EndpointListener listener) {
            Follower follower = new Follower(service, listener);
            synchronized (MemoryRegistry.this) {
                followers.add(follower);
                tell(follower);
            }
            return new Subscription() {
                @Override
                public void refresh() {}

                @Override
                public void close() {
                    synchronized (MemoryRegistry.this) {
                        followers.remove(follower);
                    }
                }
            };
        }

        @Override
        public void close() {}
    }

    private final class Registrar implements EndpointRegistrar {

        @Override
        public Registration register(Endpoint endpoint) {
            put(endpoint);
            return new Announced(endpoint);
        }

        @Override
        public void close() {}
    }

    private final class Announced implements EndpointRegistrar.Registration {

        private Endpoint endpoint;
        private State state = State.REGISTERED;

        Announced(Endpoint endpoint) {
            this.endpoint = endpoint;
        }

        @Override
        public synchronized State state() {
            return state;
        }

        @Override
        public Status status() {
            return new Status(state(), Duration.ZERO, null, true, null);
        }

        @Override
        public synchronized Endpoint endpoint() {
            return endpoint;
        }

        @Override
        public CompletableFuture<Void> registered() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public synchronized CompletableFuture<Void> update(Endpoint changed) {
            if (!changed.service().equals(endpoint.service())
                    || !changed.address().equals(endpoint.address())) {
                throw new IllegalArgumentException("endpoint: " + changed + " (expected: " + endpoint.service() + " at "
                        + endpoint.address() + ")");
            }
            if (state == State.REGISTERED) {
                endpoint = changed;
                put(changed);
            }
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public synchronized CompletableFuture<Void> withdraw() {
            state = State.WITHDRAWN;
            remove(endpoint);
            return CompletableFuture.completedFuture(null);
        }
    }
}
