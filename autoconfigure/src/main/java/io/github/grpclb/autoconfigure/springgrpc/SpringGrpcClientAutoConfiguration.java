package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.ClientServices;
import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.GrpcLbClientAutoConfiguration;
import io.github.grpclb.autoconfigure.UnusedClients;
import io.github.grpclb.autoconfigure.properties.ConfigurationCheck;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.client.InnerInterceptor;
import io.github.grpclb.discovery.EndpointSource;
import io.grpc.ManagedChannelBuilder;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.grpc.client.GlobalClientInterceptor;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;
import org.springframework.grpc.client.GrpcChannelFactory;

/** Gives Spring gRPC's channels their endpoints and their policy. */
@AutoConfiguration(
        after = GrpcLbClientAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration",
            "org.springframework.grpc.autoconfigure.client.GrpcClientAutoConfiguration",
            "org.springframework.boot.grpc.client.autoconfigure.GrpcClientObservationAutoConfiguration",
            "org.springframework.grpc.autoconfigure.client.GrpcClientObservationAutoConfiguration"
        })
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcChannelBuilderCustomizer.class)
@ConditionalOnBean({ChannelSetup.class, GrpcChannelFactory.class})
public final class SpringGrpcClientAutoConfiguration {

    @Bean
    ChannelProperties grpcLbSpringChannelProperties(Environment environment) {
        return new ChannelProperties(environment);
    }

    @Bean
    ChannelTargets grpcLbSpringChannelTargets(
            ChannelProperties channels, GrpcLbProperties properties, EndpointSource source, Environment environment) {
        return new ChannelTargets(channels, new ClientServices(properties), source.scheme(), environment);
    }

    @Bean
    <T extends ManagedChannelBuilder<T>> ClientChannels<T> grpcLbSpringClientChannels(
            ChannelTargets targets, ChannelProperties channels, ChannelSetup setup) {
        return new ClientChannels<>(targets, channels, setup);
    }

    @Bean
    @GlobalClientInterceptor
    @Order // last: beneath the host's own, which have no order either and are defined before
    InnerInterceptors grpcLbSpringInnerInterceptors(ObjectProvider<InnerInterceptor> interceptors) {
        return new InnerInterceptors(interceptors.orderedStream().toList());
    }

    @Bean
    static TargetsOfFactories grpcLbSpringTargetsOfChannels(ObjectProvider<ChannelTargets> targets) {
        return new TargetsOfFactories(targets);
    }

    @Bean
    @Lazy // asked for when the application is ready
    @ConditionalOnClass(name = "org.springframework.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration")
    ConfigurationCheck grpcLbSpringLegacyTargetsCheck(ChannelProperties channels) {
        return () -> channels.legacyTargets().entrySet().stream()
                .map(set ->
                        set.getKey() + "=" + set.getValue() + " still says where the channel leads, though Spring Boot"
                                + " 4.1 does not read it any more: write spring.grpc.client.channel.<name>.target.")
                .toList();
    }

    @Bean
    @Lazy // asked for when the application is ready
    UnusedClients grpcLbSpringUnusedClients(
            GrpcLbProperties properties, ChannelTargets targets, Environment environment) {
        return new UnusedClients(properties, targets::asked, environment);
    }
}
