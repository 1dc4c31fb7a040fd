package io.github.grpclb.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RegistryMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AtomicReference<@Nullable Duration> age = new AtomicReference<>();
    private final RegistryMetrics metrics = new RegistryMetrics(registry, age::get);

    @Test
    void countsRegistrationsAndTheirLossesByReason() {
        Endpoint endpoint = Endpoint.builder("orders", "10.0.0.1", 8080).build();
        metrics.registered(endpoint);
        metrics.lost(endpoint, Loss.LEASE_GONE);
        metrics.registered(endpoint);
        metrics.lost(endpoint, Loss.KEY_DELETED);
        assertThat(count("grpc.lb.registrations", "service", "orders")).isEqualTo(2);
        assertThat(count("grpc.lb.registrations.lost", "service", "orders", "reason", "lease_gone"))
                .isEqualTo(1);
        assertThat(count("grpc.lb.registrations.lost", "service", "orders", "reason", "key_deleted"))
                .isEqualTo(1);
    }

    @Test
    void saysWhetherTheProcessIsAnnouncedNow() {
        Endpoint endpoint = Endpoint.builder("orders", "10.0.0.1", 8080).build();
        assertThat(registry.find("grpc.lb.registered").gauge()).isNull();
        metrics.registered(endpoint);
        assertThat(registered()).isEqualTo(1);
        metrics.lost(endpoint, Loss.LEASE_GONE);
        assertThat(registered()).isZero();
        metrics.registered(endpoint);
        assertThat(registered()).isEqualTo(1);
    }

    private double registered() {
        return registry.get("grpc.lb.registered")
                .tag("service", "orders")
                .gauge()
                .value();
    }

    @Test
    void countsWhoElseHeldTheKey() {
        metrics.conflict(
                Endpoint.builder("orders", "10.0.0.1", 8080).build(), "held by 10.0.0.1:8080, started earlier");
        assertThat(count("grpc.lb.registration.conflicts", "service", "orders")).isEqualTo(1);
    }

    @Test
    void timesHowLongTheOwnRecordTakesToBeSeen() {
        Endpoint endpoint = Endpoint.builder("orders", "10.0.0.1", 8080).build();
        metrics.seen(endpoint, Duration.ofMillis(3));
        metrics.seen(endpoint, Duration.ofMillis(5));
        Timer timer = registry.get("grpc.lb.registration.lag")
                .tag("service", "orders")
                .timer();
        assertThat(timer.count()).isEqualTo(2);
        assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(8);
    }

    @Test
    void countsWhatWatchesGoThrough() {
        metrics.watchRestarted("orders", Restart.COMPACTED);
        metrics.watchRestarted("orders", Restart.COMPACTED);
        metrics.recordSkipped("orders");
        metrics.massChange("orders");
        assertThat(count("grpc.lb.mass.changes", "service", "orders")).isEqualTo(1);
        assertThat(count("grpc.lb.etcd.watch.restarts", "service", "orders", "reason", "compacted"))
                .isEqualTo(2);
        assertThat(count("grpc.lb.records.skipped", "service", "orders")).isEqualTo(1);
    }

    @Test
    void theAgeOfTheLastAnswerIsReadWhenItIsAskedFor() {
        assertThat(ageInSeconds()).isNaN();
        age.set(Duration.ofMillis(2500));
        assertThat(ageInSeconds()).isEqualTo(2.5);
    }

    private double ageInSeconds() {
        return registry.get("grpc.lb.etcd.answer.age").timeGauge().value(TimeUnit.SECONDS);
    }

    private double count(String meter, String... tags) {
        return registry.get(meter).tags(tags).counter().count();
    }
}
