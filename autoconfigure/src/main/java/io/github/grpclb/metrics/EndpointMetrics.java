package io.github.grpclb.metrics;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.LiveEndpoints.Live;
import io.github.grpclb.load.EndpointLoad;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The meters of single endpoints, for as long as a channel knows them, and for a bounded number: what is beyond it shares one
 * tag. Calls cost nothing here, the values are read when somebody asks for them. Thread-safe.
 */
public final class EndpointMetrics {

    private final MeterRegistry registry;
    private final LiveEndpoints live;
    private final int bound;
    private final Map<Key, List<Meter>> own = new HashMap<>();
    private final Map<String, List<Meter>> others = new HashMap<>();

    /**
     * Creates it without meters.
     *
     * @param live what is measured
     */
    public EndpointMetrics(MeterRegistry registry, LiveEndpoints live) {
        this(registry, live, GrpcLbMeters.MAX_ENDPOINTS);
    }

    EndpointMetrics(MeterRegistry registry, LiveEndpoints live, int bound) {
        this.registry = registry;
        this.live = live;
        this.bound = bound;
    }

    /** Makes the meters of the endpoints that have come and removes those of endpoints that have gone. */
    synchronized void update(String service) {
        Set<Key> now =
                live.endpoints(service).stream().map(Key::of).collect(Collectors.toCollection(LinkedHashSet::new));
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
    }

    private List<Meter> registerOwn(Key key) {
        Tags tags = Tags.of(GrpcLbMeters.SERVICE, key.service, GrpcLbMeters.ENDPOINT, key.address);
        Values values = new Values(key.service, endpoint -> Key.of(endpoint).equals(key));
        return List.of(
                weight(values, tags),
                inFlight(values, tags),
                calls(values, tags, "success", EndpointLoad::successes),
                calls(values, tags, "failure", EndpointLoad::failures),
                calls(values, tags, "cancelled", EndpointLoad::cancellations));
    }

    /** Calls are left out: their number would fall when an endpoint leaves. */
    private List<Meter> registerOthers(String service) {
        Tags tags = Tags.of(GrpcLbMeters.SERVICE, service, GrpcLbMeters.ENDPOINT, GrpcLbMeters.OTHER);
        Values values = new Values(service, endpoint -> !hasOwn(Key.of(endpoint)));
        return List.of(weight(values, tags), inFlight(values, tags));
    }

    private synchronized boolean hasOwn(Key key) {
        return own.containsKey(key);
    }

    private Meter weight(Values values, Tags tags) {
        return Gauge.builder(GrpcLbMeters.ENDPOINT_WEIGHT, () -> values.sum(Live::weight))
                .description("Effective weight")
                .tags(tags)
                .register(registry);
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
                        live, // Micrometer holds it weakly, we hold it for as long as we live
                        held -> values.sum(endpoint -> count.applyAsDouble(endpoint.load())))
                .description("Calls that ended")
                .tags(tags)
                .tag(GrpcLbMeters.OUTCOME, outcome)
                .register(registry);
    }

    /** The values of some endpoints of a service, as they are when they are asked for. */
    private final class Values {

        private final String service;
        private final Predicate<Live> which;

        Values(String service, Predicate<Live> which) {
            this.service = service;
            this.which = which;
        }

        double sum(ToDoubleFunction<Live> value) {
            return live.endpoints(service).stream()
                    .filter(which)
                    .mapToDouble(value)
                    .sum();
        }
    }

    private record Key(String service, String address) {

        static Key of(Live endpoint) {
            return new Key(endpoint.endpoint().service(), endpoint.endpoint().address());
        }
    }
}
