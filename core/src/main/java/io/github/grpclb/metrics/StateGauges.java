package io.github.grpclb.metrics;

import io.github.grpclb.balancer.connection.EndpointCounts;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;

/** How many endpoints of a service are in which state, over all channels. Thread-safe. */
final class StateGauges {

    private final List<StateGauge> gauges;

    StateGauges(MeterRegistry registry, String service) {
        this.gauges = List.of(
                new StateGauge("ready", EndpointCounts::ready),
                new StateGauge("ejected", EndpointCounts::ejected),
                new StateGauge("connecting", EndpointCounts::connecting),
                new StateGauge("idle", EndpointCounts::idle),
                new StateGauge("failing", EndpointCounts::failing),
                new StateGauge("draining", EndpointCounts::draining),
                new StateGauge("suspect", EndpointCounts::suspect),
                new StateGauge("disabled", EndpointCounts::disabled));
        gauges.forEach(gauge -> gauge.register(registry, service));
    }

    /** Adds what one channel's numbers changed by. */
    void add(EndpointCounts before, EndpointCounts now) {
        gauges.forEach(gauge -> gauge.add(before, now));
    }

    private record StateGauge(String state, ToIntFunction<EndpointCounts> count, AtomicInteger value) {

        StateGauge(String state, ToIntFunction<EndpointCounts> count) {
            this(state, count, new AtomicInteger());
        }

        void register(MeterRegistry registry, String service) {
            Gauge.builder(GrpcLbMeters.ENDPOINTS, value, AtomicInteger::get)
                    .description("Known endpoints")
                    .tag(GrpcLbMeters.SERVICE, service)
                    .tag(GrpcLbMeters.STATE, state)
                    .strongReference(true)
                    .register(registry);
        }

        void add(EndpointCounts before, EndpointCounts now) {
            value.addAndGet(count.applyAsInt(now) - count.applyAsInt(before));
        }
    }
}
