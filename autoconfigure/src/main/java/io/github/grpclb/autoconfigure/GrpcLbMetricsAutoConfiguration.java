package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.metrics.CallMetrics;
import io.github.grpclb.metrics.EndpointMetrics;
import io.github.grpclb.metrics.OverrideMetrics;
import io.github.grpclb.metrics.RegistryMetrics;
import io.github.grpclb.override.OverriddenSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Measures calls, endpoints and etcd where there is a meter registry, on Spring Boot 3 and 4. It stands before nothing: whatever
 * of net.devh's comes after it would be moved behind the registries too.
 */
@AutoConfiguration(
        after = {GrpcLbEtcdAutoConfiguration.class, GrpcLbClientAutoConfiguration.class},
        afterName = {
            "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.actuate.autoconfigure.metrics.export.simple.SimpleMetricsExportAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration"
        })
@ConditionalOnGrpcLb
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({MeterRegistry.class, GrpcLbProperties.class})
@ConditionalOnSwitch(name = "grpc.lb.metrics.enabled", byDefault = true)
public final class GrpcLbMetricsAutoConfiguration {

    @Bean
    @ConditionalOnBean(RegistryStatus.class)
    @ConditionalOnMissingBean
    RegistryObserver grpcLbEtcdMetrics(MeterRegistry registry, RegistryStatus status) {
        return new RegistryMetrics(registry, status);
    }

    /** Beside the others that hear of overrides. */
    @Bean
    OverrideMetrics grpcLbOverrideMetrics(MeterRegistry registry, ObjectProvider<EndpointSource> source) {
        return new OverrideMetrics(
                registry,
                () -> source.getIfUnique() instanceof OverriddenSource overridden ? overridden.inForce() : Map.of());
    }

    @Bean
    @ConditionalOnBean(LiveEndpoints.class)
    @ConditionalOnMissingBean
    PickObserver grpcLbCallMetrics(MeterRegistry registry, LiveEndpoints live, GrpcLbProperties properties) {
        return properties.metrics().perEndpoint()
                ? new CallMetrics(registry, new EndpointMetrics(registry, live))
                : new CallMetrics(registry);
    }
}
