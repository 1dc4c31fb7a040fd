package io.github.grpclb.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** The meters of one service. Thread-safe. */
final class ServiceMeters {

    private final MeterRegistry registry;
    private final String service;
    private final LongAdder inFlight = new LongAdder();
    private final StateGauges endpoints;
    private final AtomicInteger panicking = new AtomicInteger();
    private final Counter ejections;
    private final Map<String, PolicyMeters> policies = new ConcurrentHashMap<>();

    ServiceMeters(MeterRegistry registry, String service) {
        this.registry = registry;
        this.service = service;
        this.endpoints = new StateGauges(registry, service);
        Gauge.builder(GrpcLbMeters.CALLS_IN_FLIGHT, inFlight, LongAdder::sum)
                .description("Calls under way")
                .tag(GrpcLbMeters.SERVICE, service)
                .strongReference(true)
                .register(registry);
        this.ejections = Counter.builder(GrpcLbMeters.EJECTIONS)
                .description("Endpoints that were ejected")
                .tag(GrpcLbMeters.SERVICE, service)
                .register(registry);
        Gauge.builder(GrpcLbMeters.PANIC, panicking, AtomicInteger::get)
                .description("Pools of endpoints that panic")
                .tag(GrpcLbMeters.SERVICE, service)
                .strongReference(true)
                .register(registry);
    }

    LongAdder inFlight() {
        return inFlight;
    }

    StateGauges endpoints() {
        return endpoints;
    }

    Counter ejections() {
        return ejections;
    }

    /** Returns how many pools panic, over all channels. */
    AtomicInteger panicking() {
        return panicking;
    }

    PolicyMeters policy(String name) {
        PolicyMeters known = policies.get(name);
        return known != null
                ? known
                : policies.computeIfAbsent(name, missing -> PolicyMeters.of(registry, service, missing));
    }
}
