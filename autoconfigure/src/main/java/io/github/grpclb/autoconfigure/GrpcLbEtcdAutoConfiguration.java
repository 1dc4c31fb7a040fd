package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.RecordJson;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdUnavailableException;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.etcd.follow.EndpointSourceOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.override.EtcdOverrideStore;
import io.github.grpclb.etcd.override.EtcdOverrides;
import io.github.grpclb.etcd.override.OverridePrefix;
import io.github.grpclb.override.OverriddenSource;
import io.github.grpclb.override.OverrideSource;
import io.github.grpclb.override.OverrideStore;
import io.github.grpclb.timeline.Timeline;
import io.github.grpclb.timeline.TimelineObserver;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The registry in etcd: what is followed and what is announced there, over one connection. Dials nothing before it is used, unless it is
 * to fail fast.
 */
@AutoConfiguration(
        after = GrpcLbAutoConfiguration.class,
        afterName = "org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration")
@ConditionalOnGrpcLb
@ConditionalOnRegistry(GrpcLbProperties.Registry.ETCD)
@ConditionalOnClass(EtcdConnection.class)
@ConditionalOnBean(GrpcLbProperties.class)
public final class GrpcLbEtcdAutoConfiguration {

    private static final Logger log = LoggerFactory.getLogger(GrpcLbEtcdAutoConfiguration.class);

    private static final String EMBEDDED = "grpc.lb.etcd.embedded.enabled";
    private static final String OVERRIDES = "grpc.lb.etcd.overrides-enabled";
    private static final String OVERRIDES_PREFIX = "grpc.lb.etcd.overrides-prefix";
    private static final String REGISTRATION = "grpc.lb.registration.";
    private static final Duration SHORTEST_STARTUP_TIMEOUT = Duration.ofNanos(1);
    private static final Duration LONGEST_STARTUP_TIMEOUT = Duration.ofHours(1);

    /** Where the etcd inside this process listens. */
    record EmbeddedEndpoint(URI value) {}

    /** The etcd inside this process, which has a module of its own. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(EmbeddedEtcd.class)
    static class Embedded {

        @Bean
        @ConditionalOnMissingBean
        @ConditionalOnSwitch(name = EMBEDDED, byDefault = false)
        EmbeddedEtcd grpcLbEmbeddedEtcd(GrpcLbProperties properties) {
            int port = properties.etcd().embedded().port();
            try {
                return EmbeddedEtcd.start("127.0.0.1", port);
            } catch (IllegalArgumentException | UncheckedIOException e) {
                throw new InvalidPropertyException(
                        "grpc.lb.etcd.embedded.port",
                        port,
                        "a free port, or 0",
                        "Choose another port, or stop what listens on this one.",
                        e);
            }
        }

        @Bean
        @ConditionalOnBean(EmbeddedEtcd.class)
        EmbeddedEndpoint grpcLbEmbeddedEndpoint(EmbeddedEtcd etcd) {
            return new EmbeddedEndpoint(etcd.endpoint());
        }
    }

    @Bean
    @ConditionalOnMissingBean
    EtcdConnection grpcLbEtcdConnection(
            GrpcLbProperties properties,
            ObjectProvider<SslBundles> sslBundles,
            ObjectProvider<EmbeddedEndpoint> embedded,
            ObjectProvider<EtcdConnectionDetails> serviceConnection) {
        EmbeddedEndpoint inProcess = embedded.getIfAvailable();
        if (inProcess == null && properties.etcd().embedded().enabled()) {
            throw new InvalidPropertyException(
                    EMBEDDED,
                    true,
                    "io.github.grpclb:grpc-lb-etcd-embedded on the class path",
                    "Add the dependency io.github.grpclb:grpc-lb-etcd-embedded, in development and tests alone; or set "
                            + EMBEDDED + "=false and name an etcd in grpc.lb.etcd.endpoints.");
        }
        EtcdConnectionDetails details = serviceConnection.getIfAvailable();
        if (inProcess != null && details != null) {
            throw new InvalidPropertyException(
                    EMBEDDED,
                    true,
                    "false, as a service connection says where etcd is: " + details.getEndpoints(),
                    "Leave out one of the two: the property, or the container with etcd.");
        }
        // none is asked for in vain: early in a start, where a channel may be made by then, Spring cannot make them yet
        SslBundles bundles = properties.etcd().ssl().bundle() == null ? null : sslBundles.getIfAvailable();
        EtcdSettings settings = new EtcdSettings(properties.etcd(), bundles);
        InvalidPropertyException.requireWithin(
                SHORTEST_STARTUP_TIMEOUT,
                LONGEST_STARTUP_TIMEOUT,
                properties.etcd().startupTimeout(),
                "grpc.lb.etcd.startup-timeout",
                "more than 0, to 1h",
                "Set how long a start waits for etcd, or switch grpc.lb.etcd.fail-fast off to wait for nothing.");
        EtcdConnection connection = new EtcdConnection(
                inProcess != null
                        ? settings.forEmbedded(inProcess.value())
                        : details != null ? settings.optionsFor(details) : settings.options());
        if (inProcess == null && details == null) {
            settings.onRenewedCertificates(connection::reconnect);
        }
        if (properties.etcd().failFast()) {
            requireReachable(connection, properties.etcd());
        }
        return connection;
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSwitch(name = OVERRIDES, byDefault = true)
    OverrideSource grpcLbOverrideSource(
            EtcdConnection connection, GrpcLbProperties properties, DeferredObservers observers) {
        String prefix = properties.etcd().overridesPrefix();
        try {
            return new EtcdOverrides(connection, prefix, EtcdOverrides.DEFAULT_LINGER, observers.ofRegistry());
        } catch (IllegalValueException e) {
            IllegalValueException why = unlessByDefault(prefix, e);
            log.warn("Nothing is overridden: {}", why.getMessage());
            return OverrideSource.NONE;
        }
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSwitch(name = OVERRIDES, byDefault = true)
    OverrideStore grpcLbOverrideStore(EtcdConnection connection, GrpcLbProperties properties) {
        String prefix = properties.etcd().overridesPrefix();
        try {
            return new EtcdOverrideStore(connection, prefix);
        } catch (IllegalValueException e) {
            return new OverridesOff(unlessByDefault(prefix, e));
        }
    }

    /** Whose servers are below {@code /} has set nothing wrong. */
    private static IllegalValueException unlessByDefault(String prefix, IllegalValueException refusal) {
        if (prefix.equals(OverridePrefix.DEFAULT)) {
            return refusal.named(OVERRIDES_PREFIX);
        }
        throw new InvalidPropertyException(
                OVERRIDES_PREFIX,
                refusal.value(),
                refusal.expected(),
                "Correct the property, or set " + OVERRIDES + "=false.",
                refusal);
    }

    /** What is registered in etcd, with what operators override of it: for channels and a control plane alike. */
    @Bean
    @ConditionalOnMissingBean
    EndpointSource grpcLbEndpointSource(
            EtcdConnection connection,
            GrpcLbProperties properties,
            ObjectProvider<OverrideSource> overrides,
            DeferredObservers observers) {
        EndpointSource registered = registered(connection, properties, observers);
        OverrideSource overriding = overrides.getIfAvailable();
        return overriding == null
                ? registered
                : new OverriddenSource(registered, overriding, observers.ofOverrides(), connection.loop());
    }

    private static EndpointSource registered(
            EtcdConnection connection, GrpcLbProperties properties, DeferredObservers observers) {
        SnapshotSettings snapshots = new SnapshotSettings(properties.snapshot());
        EndpointSourceOptions options = EndpointSourceOptions.DEFAULT
                .withRules(new EtcdSettings(properties.etcd(), null).recordRules())
                .withSnapshots(snapshots.options());
        try {
            return new EtcdEndpointSource(connection, options, observers.ofRegistry());
        } catch (IllegalValueException e) {
            throw snapshots.refused(e);
        }
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSwitch(name = "grpc.lb.registration.enabled", byDefault = true)
    EndpointRegistrar grpcLbRegistrar(
            EtcdConnection connection,
            GrpcLbProperties properties,
            ObjectProvider<RegistryObserver> observer,
            Timeline timeline) {
        GrpcLbProperties.Registration registration = properties.registration();
        InvalidPropertyException.requireWithin(
                EtcdRegistrar.MIN_TTL,
                EtcdRegistrar.MAX_TTL,
                registration.ttl(),
                REGISTRATION + "ttl",
                "2s to 1h",
                "Set how long etcd keeps a server that died; etcd itself grants no less than 2 s.");
        try {
            return new EtcdRegistrar(
                    connection,
                    registration.ttl(),
                    registration.withdrawTimeout(),
                    new TimelineObserver(timeline, observer.getIfAvailable(() -> RegistryObserver.NONE)));
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, REGISTRATION + RecordJson.propertyName(e.name()));
        }
    }

    private static void requireReachable(EtcdConnection connection, GrpcLbProperties.Etcd properties) {
        try {
            connection.awaitReachable(properties.startupTimeout());
        } catch (EtcdUnavailableException e) {
            connection.close();
            if (e.isRefusal()) {
                throw new InvalidPropertyException(
                        properties.username() == null ? "grpc.lb.etcd.ssl.bundle" : "grpc.lb.etcd.username",
                        properties.username() == null ? properties.ssl().bundle() : properties.username(),
                        "credentials that etcd accepts",
                        "Correct grpc.lb.etcd.username and grpc.lb.etcd.password, or the certificate in the bundle of"
                                + " grpc.lb.etcd.ssl.bundle; or the users in etcd.",
                        e);
            }
            throw new InvalidPropertyException(
                    "grpc.lb.etcd.endpoints",
                    connection.options().endpoints(),
                    "an etcd that answers within " + InvalidPropertyException.shown(properties.startupTimeout())
                            + ", as grpc.lb.etcd.fail-fast is true",
                    "Start etcd or correct the endpoints; or set grpc.lb.etcd.fail-fast=false to start without it and join"
                            + " when it comes; or, for development, " + EMBEDDED + "=true.",
                    e);
        }
    }
}
