package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.discovery.ConsumerDirectory;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.consumers.EtcdConsumerDirectory;
import io.github.grpclb.etcd.consumers.EtcdConsumers;
import io.github.grpclb.etcd.override.OverridePrefix;
import io.github.grpclb.etcd.record.KeySpace;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

/** Which services this process calls, written down in etcd, and who else does; where that is wanted. */
@AutoConfiguration(after = GrpcLbClientAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnSwitch(name = "grpc.lb.consumers.enabled", byDefault = false)
@ConditionalOnClass(EtcdConnection.class)
@ConditionalOnBean({EtcdConnection.class, LiveEndpoints.class, GrpcLbProperties.class})
public final class GrpcLbConsumersAutoConfiguration {

    private static final String PREFIX = "grpc.lb.etcd.consumers-prefix";

    @Bean
    @ConditionalOnMissingBean
    ConsumerDirectory grpcLbConsumerDirectory(EtcdConnection connection, GrpcLbProperties properties) {
        try {
            requireApartFromOverrides(EtcdConsumers.keySpace(properties.etcd().consumersPrefix()), properties.etcd());
            return new EtcdConsumerDirectory(connection, properties.etcd().consumersPrefix());
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, PREFIX);
        }
    }

    /** That overrides and servers are apart is seen where overrides are followed. */
    private static void requireApartFromOverrides(KeySpace consumers, GrpcLbProperties.Etcd properties) {
        if (!properties.overridesEnabled()) {
            return;
        }
        KeySpace overrides;
        try {
            overrides = OverridePrefix.of(properties.overridesPrefix());
        } catch (IllegalValueException e) {
            return; // told there
        }
        consumers.requireApart(PREFIX, overrides.prefix(), "grpc.lb.etcd.overrides-prefix");
    }

    @Bean
    @ConditionalOnMissingBean
    EtcdConsumers grpcLbConsumers(
            EtcdConnection connection,
            GrpcLbProperties properties,
            LiveEndpoints live,
            PodSettings pod,
            ApplicationContext context) {
        OwnConsumers calls = new OwnConsumers(
                live,
                OwnConsumers.Process.of(
                        context.getEnvironment(), properties.registration().version(), pod, context.getStartupDate()));
        try {
            return new EtcdConsumers(
                    connection,
                    properties.etcd().consumersPrefix(),
                    EtcdConsumers.DEFAULT_TTL,
                    calls.process().number(),
                    calls);
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, PREFIX);
        }
    }
}
