package io.github.grpclb.boot3;

import io.github.grpclb.actuate.ReadinessCheck;
import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.ReadinessSettings;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** {@link ReadinessCheck} for the {@code HealthIndicator} of Spring Boot 3. */
@AutoConfiguration(afterName = "io.github.grpclb.autoconfigure.GrpcLbReadinessAutoConfiguration")
@ConditionalOnGrpcLb
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(ReadinessCheck.class)
public final class Boot3ReadinessAutoConfiguration {

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
