package io.github.grpclb.metrics;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts what registrations and watches go through. Its events are rare, so each looks its counter up. Thread-safe. */
public final class RegistryMetrics implements RegistryObserver {

    private final MeterRegistry registry;
    private final Map<String, AtomicInteger> announced = new ConcurrentHashMap<>();

    /**
     * Creates the meter of the last answer's age; those of events appear with the first event.
     *
     * @param registry where the meters are
     * @param status whose answers are meant
     */
    public RegistryMetrics(MeterRegistry registry, RegistryStatus status) {
        this(registry, status::sinceLastAnswer);
    }

    RegistryMetrics(MeterRegistry registry, Supplier<@Nullable Duration> sinceLastAnswer) {
        this.registry = registry;
        TimeGauge.builder(GrpcLbMeters.ETCD_ANSWER_AGE, () -> millisOrNaN(sinceLastAnswer.get()), TimeUnit.MILLISECONDS)
                .description("Time since etcd last answered")
                .register(registry);
    }

    @Override
    public void registered(Endpoint endpoint) {
        announced(endpoint).set(1);
        registry.counter(GrpcLbMeters.REGISTRATIONS, GrpcLbMeters.SERVICE, endpoint.service())
                .increment();
    }

    @Override
    public void seen(Endpoint endpoint, Duration lag) {
        registry.timer(GrpcLbMeters.REGISTRATION_LAG, GrpcLbMeters.SERVICE, endpoint.service())
                .record(lag);
    }

    @Override
    public void lost(Endpoint endpoint, Loss reason) {
        announced(endpoint).set(0);
        count(GrpcLbMeters.REGISTRATIONS_LOST, endpoint.service(), reason);
    }

    @Override
    public void conflict(Endpoint endpoint, String why) {
        registry.counter(GrpcLbMeters.REGISTRATION_CONFLICTS, GrpcLbMeters.SERVICE, endpoint.service())
                .increment();
    }

    @Override
    public void watchRestarted(String service, Restart reason) {
        count(GrpcLbMeters.WATCH_RESTARTS, service, reason);
    }

    @Override
    public void recordSkipped(String service) {
        registry.counter(GrpcLbMeters.RECORDS_SKIPPED, GrpcLbMeters.SERVICE, service)
                .increment();
    }

    @Override
    public void massChange(String service) {
        registry.counter(GrpcLbMeters.MASS_CHANGES, GrpcLbMeters.SERVICE, service)
                .increment();
    }

    private AtomicInteger announced(Endpoint endpoint) {
        return announced.computeIfAbsent(endpoint.service(), service -> {
            AtomicInteger value = new AtomicInteger();
            Gauge.builder(GrpcLbMeters.REGISTERED, value, AtomicInteger::get)
                    .description("1 while announced, 0 while that is lost")
                    .tag(GrpcLbMeters.SERVICE, service)
                    .strongReference(true)
                    .register(registry);
            return value;
        });
    }

    private void count(String meter, String service, Enum<?> reason) {
        registry.counter(
                        meter,
                        GrpcLbMeters.SERVICE,
                        service,
                        GrpcLbMeters.REASON,
                        reason.name().toLowerCase(Locale.ROOT))
                .increment();
    }

    private static Number millisOrNaN(@Nullable Duration age) {
        return age == null ? Double.NaN : (double) age.toMillis();
    }
}
