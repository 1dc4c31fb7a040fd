package io.github.grpclb.metrics;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.LiveEndpoints.Live;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoad;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/**
 * The meters of single endpoints, for as long as a channel knows them, and for a bounded number: what is beyond it shares one
 * tag. Calls cost nothing here, the values are read when somebody asks for them. Thread-safe.
 */
public final class EndpointMetrics {

    private final MeterRegistry registry;
    private final LongSupplier changes;
    private final Function<String, Collection<Live>> endpoints;
    private final Function<String, Map<Endpoint.Identity, Double>> slowStarts;
    private final int bound;
    private final Map<String, Listing> listings = new ConcurrentHashMap<>();
    private final Map<String, Parts> parts = new ConcurrentHashMap<>();
    private final Map<Key, List<Meter>> own = new HashMap<>();
    private final Map<String, List<Meter>> others = new HashMap<>();

    /**
     * Creates it without meters.
     *
     * @param live what is measured
     */
    public EndpointMetrics(MeterRegistry registry, LiveEndpoints live) {
        this(registry, live::changes, live::endpoints, live::slowStarts, GrpcLbMeters.MAX_ENDPOINTS);
    }

    /**
     * Creates it without meters.
     *
     * @param changes how often the endpoints of any service have changed
     * @param endpoints returns those of a service; costs as much as there are
     * @param slowStarts returns which part of their weight new ones have; costs as much
     */
    EndpointMetrics(
            MeterRegistry registry,
            LongSupplier changes,
            Function<String, Collection<Live>> endpoints,
            Function<String, Map<Endpoint.Identity, Double>> slowStarts,
            int bound) {
        this.registry = registry;
        this.changes = changes;
        this.endpoints = endpoints;
        this.slowStarts = slowStarts;
        this.bound = bound;
    }

    /** Makes the meters of the endpoints that have come and removes those of endpoints that have gone. */
    synchronized void update(String service) {
        Set<Key> now = listing(service).byKey.keySet();
        own.entrySet().removeIf(entry -> {
            boolean gone = entry.getKey().service.equals(service) && !now.contains(entry.getKey());
            if (gone) {
                entry.getValue().forEach(registry::remove);
            }
            return gone;
        });
        boolean allFit = true;
        for (Key key : now) {
            if (own.size() < bound) {
                own.computeIfAbsent(key, this::registerOwn);
            }
            allFit &= own.containsKey(key);
        }
        if (!allFit) {
            others.computeIfAbsent(service, this::registerOthers);
        } else if (others.containsKey(service)) {
            others.remove(service).forEach(registry::remove);
        }
        if (now.isEmpty()) {
            listings.remove(service);
            parts.remove(service);
        }
    }

    /** Returns the endpoints of a service, listed once for each change, however many meters are read. */
    private Listing listing(String service) {
        long now = changes.getAsLong();
        Listing known = listings.get(service);
        if (known != null && known.changes == now) {
            return known;
        }
        Listing listing = Listing.of(now, endpoints.apply(service));
        listings.put(service, listing);
        return listing;
    }

    private List<Meter> registerOwn(Key key) {
        Tags tags = Tags.of(GrpcLbMeters.SERVICE, key.service, GrpcLbMeters.ENDPOINT, key.address);
        Values values = value -> sum(listing(key.service).byKey.getOrDefault(key, List.of()), value);
        return List.of(
                weight(values, tags),
                slowStart(key, tags),
                inFlight(values, tags),
                calls(values, tags, "success", EndpointLoad::successes),
                calls(values, tags, "failure", EndpointLoad::failures),
                calls(values, tags, "cancelled", EndpointLoad::cancellations));
    }

    /** Calls are left out: their number would fall when an endpoint leaves. */
    private List<Meter> registerOthers(String service) {
        Tags tags = Tags.of(GrpcLbMeters.SERVICE, service, GrpcLbMeters.ENDPOINT, GrpcLbMeters.OTHER);
        Values values = value -> sumOfOthers(listing(service), value);
        return List.of(weight(values, tags), inFlight(values, tags));
    }

    private synchronized double sumOfOthers(Listing listing, ToDoubleFunction<Live> value) {
        return listing.byKey.entrySet().stream()
                .filter(entry -> !own.containsKey(entry.getKey()))
                .mapToDouble(entry -> sum(entry.getValue(), value))
                .sum();
    }

    private static double sum(List<Live> endpoints, ToDoubleFunction<Live> value) {
        return endpoints.stream().mapToDouble(value).sum();
    }

    private Meter weight(Values values, Tags tags) {
        return Gauge.builder(GrpcLbMeters.ENDPOINT_WEIGHT, () -> values.sum(Live::weight))
                .description("Effective weight")
                .tags(tags)
                .register(registry);
    }

    private Meter slowStart(Key key, Tags tags) {
        return Gauge.builder(GrpcLbMeters.ENDPOINT_SLOW_START, () -> slowStart(key))
                .description("Part of the weight by slow start")
                .tags(tags)
                .register(registry);
    }

    private double slowStart(Key key) {
        Map<Endpoint.Identity, Double> now = parts(key.service);
        return listing(key.service).byKey.getOrDefault(key, List.of()).stream()
                .mapToDouble(endpoint -> now.getOrDefault(endpoint.load().identity(), 1.0))
                .min()
                .orElse(1);
    }

    /** Worked out when somebody asks, unlike the listing, which is made with each change. */
    private Map<Endpoint.Identity, Double> parts(String service) {
        long now = changes.getAsLong();
        Parts known = parts.get(service);
        if (known != null && known.changes == now) {
            return known.byIdentity;
        }
        Parts made = new Parts(now, slowStarts.apply(service));
        parts.put(service, made);
        return made.byIdentity;
    }

    private Meter inFlight(Values values, Tags tags) {
        return Gauge.builder(
                        GrpcLbMeters.ENDPOINT_IN_FLIGHT,
                        () -> values.sum(endpoint -> endpoint.load().inFlight()))
                .description("Calls under way")
                .tags(tags)
                .register(registry);
    }

    private Meter calls(Values values, Tags tags, String outcome, ToDoubleFunction<EndpointLoad> count) {
        return FunctionCounter.builder(
                        GrpcLbMeters.ENDPOINT_CALLS,
                        this, // Micrometer holds it weakly; whoever reports changes holds it
                        held -> values.sum(endpoint -> count.applyAsDouble(endpoint.load())))
                .description("Calls that ended")
                .tags(tags)
                .tag(GrpcLbMeters.OUTCOME, outcome)
                .register(registry);
    }

    /** The values of some endpoints of a service, as they are when they are asked for. */
    private interface Values {

        double sum(ToDoubleFunction<Live> value);
    }

    /**
     * The endpoints of a service.
     *
     * @param changes how many changes it takes in
     * @param byKey in their order; a process that took the place of another has the same key
     */
    private record Listing(long changes, Map<Key, List<Live>> byKey) {

        static Listing of(long changes, Collection<Live> endpoints) {
            Map<Key, List<Live>> byKey = new LinkedHashMap<>();
            for (Live endpoint : endpoints) {
                byKey.computeIfAbsent(Key.of(endpoint), key -> new ArrayList<>(1))
                        .add(endpoint);
            }
            return new Listing(changes, byKey);
        }
    }

    /**
     * Which part of their weight the new endpoints of a service have.
     *
     * @param changes how many changes it takes in
     */
    private record Parts(long changes, Map<Endpoint.Identity, Double> byIdentity) {}

    private record Key(String service, String address) {

        static Key of(Live endpoint) {
            return new Key(endpoint.endpoint().service(), endpoint.endpoint().address());
        }
    }
}
