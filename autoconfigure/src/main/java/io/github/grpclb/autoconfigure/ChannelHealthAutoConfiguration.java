package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.ChannelHealthIndicator;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * The channels' health on Spring Boot 4, where net.devh's own finds no {@code HealthIndicator}; under the name and the property
 * ({@code management.health.grpcChannel.enabled}) that it has on Spring Boot 3.
 */
@AutoConfiguration(afterName = "net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration")
@ConditionalOnGrpcLb
@ConditionalOnClass({HealthIndicator.class, GrpcChannelFactory.class})
@ConditionalOnEnabledHealthIndicator("grpcChannel")
public final class ChannelHealthAutoConfiguration {

    @Bean
    @ConditionalOnBean(GrpcChannelFactory.class)
    @ConditionalOnMissingBean(name = "grpcChannelHealthIndicator")
    HealthIndicator grpcChannelHealthIndicator(GrpcChannelFactory channels) {
        return new ChannelHealthIndicator(channels::getConnectivityState);
    }
}
