package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.ControlPlaneStatus;
import io.github.grpclb.actuate.GrpcLbHealthIndicator;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.server.ServerLifecycle;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** The registry's health, for the {@code HealthIndicator} of Spring Boot 4; Spring Boot 3 has another. */
@AutoConfiguration(after = {GrpcLbEtcdAutoConfiguration.class, GrpcLbServerAutoConfiguration.class})
@ConditionalOnGrpcLb
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(RegistryStatus.class)
@ConditionalOnEnabledHealthIndicator("grpc-lb")
public final class GrpcLbHealthAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(name = "grpcLbHealthIndicator")
    HealthIndicator grpcLbHealthIndicator(
            RegistryStatus registry,
            ObjectProvider<ServerLifecycle> server,
            ObjectProvider<ControlPlaneStatus.Source> controlPlane) {
        return new GrpcLbHealthIndicator(registry, server.getIfAvailable(), controlPlane.getIfAvailable());
    }
}
