package io.github.grpclb.boot3;

import io.github.grpclb.actuate.ControlPlaneStatus;
import io.github.grpclb.actuate.RegistryHealth;
import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.server.ServerLifecycle;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The registry's health, for the {@code HealthIndicator} of Spring Boot 3. */
@AutoConfiguration(
        afterName = {
            "io.github.grpclb.autoconfigure.GrpcLbEtcdAutoConfiguration",
            "io.github.grpclb.autoconfigure.GrpcLbServerAutoConfiguration"
        })
@ConditionalOnGrpcLb
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(RegistryStatus.class)
@ConditionalOnEnabledHealthIndicator("grpc-lb")
public final class Boot3HealthAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(name = "grpcLbHealthIndicator")
    HealthIndicator grpcLbHealthIndicator(
            RegistryStatus registry,
            ObjectProvider<ServerLifecycle> server,
            ObjectProvider<ControlPlaneStatus.Source> controlPlane) {
        return new Boot3HealthIndicator(
                () -> RegistryHealth.of(registry, server.getIfAvailable(), controlPlane.getIfAvailable()));
    }
}
