package io.github.grpclb.autoconfigure;

import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.etcd.EtcdConnection;
import io.github.grpclb.etcd.EtcdObserver;
import io.github.grpclb.etcd.EtcdRegistrar;
import io.github.grpclb.registration.Drain;
import io.github.grpclb.registration.QuietPeriod;
import io.github.grpclb.registration.ServerRegistration;
import java.time.Duration;
import net.devh.boot.grpc.server.event.GrpcServerLifecycleEvent;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Announces the gRPC server of this application. */
@AutoConfiguration(after = GrpcLbEtcdAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcServerLifecycleEvent.class)
@ConditionalOnProperty(name = "grpc.lb.registration.enabled", matchIfMissing = true)
public final class GrpcLbServerAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    EndpointRegistrar grpcLbRegistrar(
            EtcdConnection connection, GrpcLbProperties properties, ObjectProvider<EtcdObserver> observer) {
        GrpcLbProperties.Registration registration = properties.registration();
        requireTtl(registration.ttl());
        return new EtcdRegistrar(
                connection,
                registration.ttl(),
                registration.withdrawTimeout(),
                observer.getIfAvailable(() -> EtcdObserver.NONE));
    }

    @Bean
    @ConditionalOnMissingBean
    QuietPeriod grpcLbQuietPeriod() {
        return new QuietPeriod();
    }

    @Bean
    @ConditionalOnMissingBean
    ServerRegistration grpcLbServerRegistration(
            EndpointRegistrar registrar, QuietPeriod quietPeriod, GrpcLbProperties properties) {
        GrpcLbProperties.Registration registration = properties.registration();
        return new ServerRegistration(
                registrar,
                new Drain(
                        registration.drain().quietPeriod(),
                        registration.drain().timeout(),
                        registration.withdrawTimeout()),
                quietPeriod);
    }

    @Bean
    ServerEvents grpcLbServerEvents(
            ServerRegistration registration, GrpcLbProperties properties, Environment environment) {
        return new ServerEvents(
                registration,
                new ServerAnnouncement(properties.registration(), environment.getProperty("spring.application.name")));
    }

    @Bean
    GrpcServerConfigurer grpcLbNewCallCounter(QuietPeriod quietPeriod) {
        return server -> server.addStreamTracerFactory(new NewCallTracerFactory(quietPeriod));
    }

    @Bean
    GrpcServerConfigurer grpcLbKeepAlivePermission(Environment environment) {
        return new KeepAlivePermission(environment);
    }

    private static void requireTtl(Duration ttl) {
        if (ttl.compareTo(EtcdRegistrar.MIN_TTL) < 0 || ttl.compareTo(EtcdRegistrar.MAX_TTL) > 0) {
            throw new InvalidPropertyException(
                    "grpc.lb.registration.ttl",
                    DurationStyle.SIMPLE.print(ttl),
                    "2s to 1h",
                    "Set how long etcd keeps a server that died; etcd itself grants no less than 2 s.");
        }
    }
}
