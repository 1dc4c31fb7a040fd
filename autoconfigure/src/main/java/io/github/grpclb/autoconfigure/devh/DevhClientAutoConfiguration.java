package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.GrpcLbClientAutoConfiguration;
import io.github.grpclb.autoconfigure.UnusedClients;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.client.InnerInterceptor;
import java.util.HashSet;
import java.util.Set;
import net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/** Gives net.devh's channels their endpoints and their policy. */
@AutoConfiguration(after = {GrpcLbClientAutoConfiguration.class, GrpcClientAutoConfiguration.class})
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcChannelConfigurer.class)
@ConditionalOnBean({ChannelSetup.class, GrpcChannelsProperties.class})
public final class DevhClientAutoConfiguration {

    @Bean
    ClientChannels grpcLbClientChannels(
            GrpcChannelsProperties channels, ChannelSetup setup, ObjectProvider<InnerInterceptor> interceptors) {
        return new ClientChannels(channels, setup, interceptors);
    }

    @Bean
    @Lazy // asked for when the application is ready
    UnusedClients grpcLbUnusedClients(
            GrpcLbProperties properties,
            ObjectProvider<GrpcChannelsProperties> channels,
            ObjectProvider<DeferredStubs> deferred,
            Environment environment) {
        return new UnusedClients(
                properties,
                () -> {
                    Set<String> used = new HashSet<>();
                    channels.ifAvailable(asked -> used.addAll(ChannelAddresses.clients(asked)));
                    deferred.ifAvailable(stubs -> used.addAll(stubs.clients()));
                    return used;
                },
                environment);
    }

    @Bean
    static ChannelAddresses grpcLbChannelAddresses() {
        return new ChannelAddresses();
    }
}
