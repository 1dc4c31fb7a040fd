package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties.Registry;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.kubernetes.KubernetesEndpointSource;
import io.github.grpclb.kubernetes.KubernetesOptions;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Kubernetes as the registry, where it is chosen: what is followed there. Nothing is announced, since the kubelet does that. */
@AutoConfiguration(after = GrpcLbAutoConfiguration.class, before = GrpcLbClientAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnRegistry(Registry.KUBERNETES)
@ConditionalOnBean(GrpcLbProperties.class)
public final class GrpcLbKubernetesAutoConfiguration {

    /** With the module that knows Kubernetes. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(KubernetesEndpointSource.class)
    static class Present {

        @Bean
        @ConditionalOnMissingBean(EndpointSource.class)
        KubernetesEndpointSource grpcLbKubernetesEndpointSource(
                GrpcLbProperties properties, DeferredObservers observers) {
            SnapshotSettings snapshots = new SnapshotSettings(properties.snapshot());
            KubernetesOptions options =
                    new KubernetesSettings(properties.kubernetes(), KubernetesOptions::inCluster).options();
            try {
                return new KubernetesEndpointSource(options.withSnapshots(snapshots.options()), observers.ofRegistry());
            } catch (IllegalValueException e) {
                throw snapshots.refused(e);
            }
        }
    }

    /** Without it. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingClass("io.github.grpclb.kubernetes.KubernetesEndpointSource")
    static class Absent {

        @Bean
        @ConditionalOnMissingBean(EndpointSource.class)
        EndpointSource grpcLbKubernetesEndpointSource() {
            throw new InvalidPropertyException(
                    "grpc.lb.registry",
                    Registry.KUBERNETES,
                    "io.github.grpclb:grpc-lb-kubernetes on the class path",
                    "Add the dependency io.github.grpclb:grpc-lb-kubernetes.");
        }
    }
}
