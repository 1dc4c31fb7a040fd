package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.actuate.ChannelHealthIndicator;
import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.client.ChannelSetup;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelFactory;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * The channels' health on Spring Boot 4, where net.devh's own finds no {@code HealthIndicator}; under the name and the property
 * ({@code management.health.grpc-channel.enabled}) that it has on Spring Boot 3.
 */
@AutoConfiguration(afterName = "net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration")
@ConditionalOnGrpcLb
@ConditionalOnClass({HealthIndicator.class, GrpcChannelFactory.class})
@ConditionalOnEnabledHealthIndicator("grpc-channel")
public final class DevhChannelHealthAutoConfiguration {

    @Bean
    @ConditionalOnBean(GrpcChannelFactory.class)
    @ConditionalOnMissingBean(name = "grpcChannelHealthIndicator")
    HealthIndicator grpcChannelHealthIndicator(
            GrpcChannelFactory channels,
            ObjectProvider<GrpcChannelsProperties> properties,
            ObjectProvider<LiveEndpoints> live,
            ObjectProvider<ChannelSetup> setup) {
        return new ChannelHealthIndicator(
                channels::getConnectivityState,
                name -> waitsBecause(name, properties.getIfAvailable(), live.getIfAvailable(), setup.getIfAvailable()));
    }

    private static @Nullable String waitsBecause(
            String name,
            @Nullable GrpcChannelsProperties properties,
            @Nullable LiveEndpoints live,
            @Nullable ChannelSetup setup) {
        if (properties == null
                || live == null
                || setup == null
                || !ChannelAddresses.isOurs(properties, name, setup.scheme())) {
            return null;
        }
        for (LiveEndpoints.Channel channel : live.channels()) {
            if (name.equals(channel.client())) {
                return channel.reason();
            }
        }
        return "no server is known";
    }
}
