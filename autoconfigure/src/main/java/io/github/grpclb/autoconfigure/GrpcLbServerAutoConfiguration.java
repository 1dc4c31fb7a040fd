package io.github.grpclb.autoconfigure;

import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.EtcdConnection;
import io.github.grpclb.etcd.EtcdObserver;
import io.github.grpclb.etcd.EtcdRegistrar;
import io.github.grpclb.registration.Drain;
import io.github.grpclb.registration.HostChoice;
import io.github.grpclb.registration.RegistryAddresses;
import io.github.grpclb.registration.ServerRegistration;
import java.time.Duration;
import net.devh.boot.grpc.server.event.GrpcServerLifecycleEvent;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Announces the gRPC server of this application. */
@AutoConfiguration(after = GrpcLbEtcdAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcServerLifecycleEvent.class)
@ConditionalOnBean(EtcdConnection.class)
@ConditionalOnSwitch(name = "grpc.lb.registration.enabled", byDefault = true)
public final class GrpcLbServerAutoConfiguration {

    private static final String PREFIX = "grpc.lb.registration.";

    /** A start does not wait longer for a name server that does not answer. */
    private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(3);

    @Bean
    @ConditionalOnMissingBean
    EndpointRegistrar grpcLbRegistrar(
            EtcdConnection connection, GrpcLbProperties properties, ObjectProvider<EtcdObserver> observer) {
        GrpcLbProperties.Registration registration = properties.registration();
        InvalidPropertyException.requireWithin(
                EtcdRegistrar.MIN_TTL,
                EtcdRegistrar.MAX_TTL,
                registration.ttl(),
                PREFIX + "ttl",
                "2s to 1h",
                "Set how long etcd keeps a server that died; etcd itself grants no less than 2 s.");
        try {
            return new EtcdRegistrar(
                    connection,
                    registration.ttl(),
                    registration.withdrawTimeout(),
                    observer.getIfAvailable(() -> EtcdObserver.NONE));
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, PREFIX + RecordJson.propertyName(e.name()));
        }
    }

    @Bean
    @ConditionalOnMissingBean
    ServerRegistration grpcLbServerRegistration(EndpointRegistrar registrar, GrpcLbProperties properties) {
        return new ServerRegistration(registrar, drain(properties.registration()));
    }

    private static Drain drain(GrpcLbProperties.Registration registration) {
        GrpcLbProperties.Drain drain = registration.drain();
        try {
            return new Drain(drain.quietPeriod(), drain.timeout(), drain.streamGrace(), registration.withdrawTimeout());
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, PREFIX + "drain." + RecordJson.propertyName(e.name()));
        }
    }

    @Bean
    ServerEvents grpcLbServerEvents(
            ServerRegistration registration,
            TrafficTracking traffic,
            EtcdConnection etcd,
            ListableBeanFactory beans,
            GrpcLbProperties properties,
            Environment environment) {
        RegisteredServer registered =
                new RegisteredServer(beans, properties.registration().server());
        registered.requireKnown();
        HostSettings hosts = new HostSettings(
                properties.registration(),
                environment.getProperty(HostSettings.POD_IP),
                () -> RegistryAddresses.of(etcd.options().hosts(), LOOKUP_LIMIT),
                HostChoice::ofThisMachine);
        return new ServerEvents(
                registration,
                new ServerAnnouncement(
                        properties.registration(), environment.getProperty("spring.application.name"), hosts),
                registered,
                traffic);
    }

    @Bean
    ReadinessEvents grpcLbReadinessEvents(ServerRegistration registration, GrpcLbProperties properties) {
        return new ReadinessEvents(registration, properties.registration().when());
    }

    @Bean
    TrafficTracking grpcLbTrafficTracking() {
        return new TrafficTracking();
    }

    @Bean
    GrpcServerConfigurer grpcLbKeepAlivePermission(Environment environment) {
        return new KeepAlivePermission(environment);
    }
}
