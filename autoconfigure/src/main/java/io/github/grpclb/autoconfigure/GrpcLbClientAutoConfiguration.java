package io.github.grpclb.autoconfigure;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.EndpointSourceOptions;
import io.github.grpclb.etcd.EtcdConnection;
import io.github.grpclb.etcd.EtcdEndpointSource;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.builtin.Policies;
import net.devh.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration;
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
@AutoConfiguration(after = {GrpcLbEtcdAutoConfiguration.class, GrpcClientAutoConfiguration.class})
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcChannelConfigurer.class)
@ConditionalOnBean({EtcdConnection.class, GrpcChannelsProperties.class})
@EnableConfigurationProperties(ClientProperties.class)
public final class GrpcLbClientAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    EndpointSource grpcLbEndpointSource(
            EtcdConnection connection, GrpcLbProperties properties, DeferredObservers observers) {
        SnapshotSettings snapshots = new SnapshotSettings(properties.snapshot());
        EndpointSourceOptions options = EndpointSourceOptions.DEFAULT
                .withRules(new EtcdSettings(properties.etcd(), null).recordRules())
                .withSnapshots(snapshots.options());
        try {
            return new EtcdEndpointSource(connection, options, observers.ofEtcd());
        } catch (IllegalValueException e) {
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
            ObjectProvider<Policy> policies,
            DeferredObservers observers) {
        return new ClientChannels(
                properties,
                allClients,
                channels,
                source,
                new ChannelArguments(
                        Policies.with(policies.orderedStream().toList()), loads, live, observers.ofPicks()));
    }

    @Bean
    UnusedClients grpcLbUnusedClients(
            GrpcLbProperties properties,
            ObjectProvider<GrpcChannelsProperties> channels,
            ObjectProvider<DeferredStubs> deferred,
            Environment environment) {
        return new UnusedClients(properties, channels, deferred, environment);
    }

    @Bean
    WaitForOwnStart grpcLbWaitForOwnStart(ObjectProvider<ClientChannels> channels) {
        return new WaitForOwnStart(channels);
    }

    @Bean
    static ChannelAddresses grpcLbChannelAddresses() {
        return new ChannelAddresses();
    }
}
