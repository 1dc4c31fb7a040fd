package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.ReadinessCheck;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** {@link ReadinessCheck} for the {@code HealthIndicator} of Spring Boot 4; Spring Boot 3 has another. */
@AutoConfiguration(after = GrpcLbReadinessAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(ReadinessCheck.class)
public final class GrpcLbReadinessHealthAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(name = ReadinessSettings.INDICATOR)
    HealthIndicator grpcLbReadinessHealthIndicator(ReadinessCheck check) {
        return () -> {
            ReadinessCheck.State now = check.look();
            return (now.isReady() ? Health.up() : Health.outOfService())
                    .withDetails(now.details())
                    .build();
        };
    }
}
