package io.github.grpclb.autoconfigure;

import io.github.grpclb.balancer.EndpointLoads;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.PickObserver;
import io.github.grpclb.balancer.Policy;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.etcd.EndpointSourceOptions;
import io.github.grpclb.etcd.EtcdConnection;
import io.github.grpclb.etcd.EtcdEndpointSource;
import io.github.grpclb.etcd.EtcdObserver;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Gives net.devh's channels their endpoints and their policy. */
@AutoConfiguration(
        after = GrpcLbEtcdAutoConfiguration.class,
        afterName = "net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration")
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcChannelConfigurer.class)
@ConditionalOnBean({EtcdConnection.class, GrpcChannelsProperties.class})
@EnableConfigurationProperties(ClientProperties.class)
public final class GrpcLbClientAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    EndpointSource grpcLbEndpointSource(
            EtcdConnection connection,
            GrpcLbProperties properties,
            EarlyObserver early,
            ObjectProvider<EtcdObserver> observers) {
        EtcdObserver observer = early.of(EtcdObserver.class, observers);
        SnapshotSettings snapshots = new SnapshotSettings(properties.snapshot());
        EndpointSourceOptions options = EndpointSourceOptions.DEFAULT
                .withRules(new EtcdSettings(properties.etcd(), null).recordRules())
                .withSnapshots(snapshots.options());
        try {
            return new EtcdEndpointSource(connection, options, observer != null ? observer : EtcdObserver.NONE);
        } catch (IllegalArgumentException e) {
            throw snapshots.refused(e);
        }
    }

    @Bean
    @ConditionalOnMissingBean
    EndpointLoads grpcLbEndpointLoads() {
        return new EndpointLoads();
    }

    @Bean
    @ConditionalOnMissingBean
    LiveEndpoints grpcLbLiveEndpoints() {
        return new LiveEndpoints();
    }

    @Bean
    ClientChannels grpcLbClientChannels(
            GrpcLbProperties properties,
            ClientProperties allClients,
            GrpcChannelsProperties channels,
            EndpointSource source,
            EndpointLoads loads,
            LiveEndpoints live,
            EarlyObserver early,
            ObjectProvider<PickObserver> observers,
            ObjectProvider<Policy> policies) {
        return new ClientChannels(
                properties,
                allClients,
                channels,
                source,
                new ChannelArguments(
                        policies.orderedStream().toList(), loads, live, early.of(PickObserver.class, observers)));
    }

    @Bean
    UnusedClients grpcLbUnusedClients(
            GrpcLbProperties properties, ObjectProvider<ClientChannels> channels, Environment environment) {
        return new UnusedClients(properties, channels, environment);
    }

    @Bean
    WaitForOwnStart grpcLbWaitForOwnStart(ObjectProvider<ClientChannels> channels) {
        return new WaitForOwnStart(channels);
    }

    @Bean
    static ChannelAddresses grpcLbChannelAddresses(ObjectProvider<GrpcLbProperties> properties) {
        return new ChannelAddresses(properties);
    }
}
