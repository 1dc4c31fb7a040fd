package io.github.grpclb.autoconfigure.xds;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.ConditionalOnSwitch;
import io.github.grpclb.autoconfigure.GrpcLbClientAutoConfiguration;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.XdsProperties;
import io.github.grpclb.autoconfigure.properties.XdsServiceProperties;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.xds.XdsControlPlane;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.config.XdsOptions;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** A control plane for xDS clients, where one is wanted: it tells of what the registry lists. */
@AutoConfiguration(after = GrpcLbClientAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnSwitch(name = GrpcLbXdsAutoConfiguration.ENABLED, byDefault = false)
public final class GrpcLbXdsAutoConfiguration {

    static final String ENABLED = "grpc.lb.xds.enabled";

    /** With the module that knows xDS. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(XdsControlPlane.class)
    @EnableConfigurationProperties({XdsProperties.class, XdsServiceProperties.class})
    static class Present {

        @Bean
        @ConditionalOnMissingBean
        XdsLifecycle grpcLbXdsControlPlane(
                XdsProperties properties,
                XdsServiceProperties ofAll,
                GrpcLbProperties common,
                ObjectProvider<PolicyTable> policies,
                ObjectProvider<EndpointSource> sources,
                ObjectProvider<SslBundles> bundles,
                ObjectProvider<XdsObserver> observers) {
            EndpointSource source = sources.getIfAvailable();
            PolicyTable table = policies.getIfAvailable();
            if (source == null || table == null) {
                throw new InvalidPropertyException(
                        ENABLED,
                        true,
                        "a registry to tell of: io.github.grpclb:grpc-lb-etcd or grpc-lb-kubernetes on the class path, or a"
                                + " bean of type " + EndpointSource.class.getName(),
                        "Add one of these.");
            }
            XdsOptions options = new XdsSettings(properties, ofAll, common.staleMax(), table).options();
            return new XdsLifecycle(
                    properties,
                    XdsCredentials.of(
                            properties.ssl(), properties.ssl().bundle() == null ? null : bundles.getIfAvailable()),
                    () -> new XdsControlPlane(
                            source, options, observers.orderedStream().toArray(XdsObserver[]::new)));
        }
    }

    /** Without it. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingClass("io.github.grpclb.xds.XdsControlPlane")
    static class Absent {

        @Bean
        @Lazy(false)
        InitializingBean grpcLbXdsAbsent() {
            throw new InvalidPropertyException(
                    ENABLED,
                    true,
                    "io.github.grpclb:grpc-lb-xds on the class path",
                    "Add the dependency io.github.grpclb:grpc-lb-xds.");
        }
    }
}
