package io.github.grpclb.metrics;

import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideObserver;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Says how many overrides act on this process. A service's meters appear with its first override; they are read from what is in force, so
 * that a service that nobody calls any more has none. Thread-safe.
 */
public final class OverrideMetrics implements OverrideObserver {

    private static final List<String> KINDS = List.of("weight", "disabled", "policy", "split");

    private final MeterRegistry registry;
    private final Supplier<Map<String, List<Override>>> inForce;
    private final Set<String> services = ConcurrentHashMap.newKeySet();

    /**
     * Creates it without meters.
     *
     * @param inForce returns the overrides that act, by service
     */
    public OverrideMetrics(MeterRegistry registry, Supplier<Map<String, List<Override>>> inForce) {
        this.registry = registry;
        this.inForce = inForce;
    }

    @java.lang.Override
    public void begun(Override override) {
        if (services.add(override.service())) {
            KINDS.forEach(kind -> register(override.service(), kind));
        }
    }

    private void register(String service, String kind) {
        Gauge.builder(GrpcLbMeters.OVERRIDES, () -> count(service, kind))
                .description("Overrides in force")
                .tag(GrpcLbMeters.SERVICE, service)
                .tag(GrpcLbMeters.KIND, kind)
                .register(registry);
    }

    private long count(String service, String kind) {
        return inForce.get().getOrDefault(service, List.of()).stream()
                .filter(each -> kindOf(each.effect()).equals(kind))
                .count();
    }

    private static String kindOf(Override.Effect effect) {
        if (effect instanceof Override.Effect.Weight) {
            return "weight";
        }
        if (effect instanceof Override.Effect.Disabled) {
            return "disabled";
        }
        return effect instanceof Override.Effect.Policy ? "policy" : "split";
    }
}
