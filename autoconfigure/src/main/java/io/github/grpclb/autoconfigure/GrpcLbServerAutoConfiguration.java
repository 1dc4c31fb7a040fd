package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.RecordJson;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.server.DrainOptions;
import io.github.grpclb.server.HostChoice;
import io.github.grpclb.server.RegistryAddresses;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.timeline.Timeline;
import java.time.Duration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** What announces the gRPC server of this application, whoever starts it. */
@AutoConfiguration(after = GrpcLbEtcdAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnBean({EndpointRegistrar.class, GrpcLbProperties.class})
@ConditionalOnSwitch(name = "grpc.lb.registration.enabled", byDefault = true)
public final class GrpcLbServerAutoConfiguration {

    private static final String PREFIX = "grpc.lb.registration.";

    /** A start does not wait longer for a name server that does not answer. */
    private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(3);

    @Bean
    @ConditionalOnMissingBean
    ServerLifecycle grpcLbServerLifecycle(EndpointRegistrar registrar, GrpcLbProperties properties) {
        return new ServerLifecycle(registrar, drain(properties.registration()));
    }

    private static DrainOptions drain(GrpcLbProperties.Registration registration) {
        GrpcLbProperties.Drain drain = registration.drain();
        try {
            return new DrainOptions(
                    drain.quietPeriod(), drain.timeout(), drain.streamGrace(), registration.withdrawTimeout());
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, PREFIX + "drain." + RecordJson.propertyName(e.name()));
        }
    }

    @Bean
    TimelineOfDrains grpcLbTimelineOfDrains(ServerLifecycle server, Timeline timeline) {
        TimelineOfDrains drains = new TimelineOfDrains(server, timeline);
        server.onDrain(drains);
        return drains;
    }

    @Bean
    ServerAnnouncement grpcLbServerAnnouncement(
            EndpointRegistrar registrar, GrpcLbProperties properties, Environment environment, PodSettings pod) {
        HostSettings hosts = new HostSettings(
                properties.registration(),
                environment.getProperty(HostSettings.POD_IP),
                () -> RegistryAddresses.of(registrar.hosts(), LOOKUP_LIMIT),
                HostChoice::ofThisMachine);
        return new ServerAnnouncement(
                properties.registration(), environment.getProperty("spring.application.name"), hosts, pod);
    }

    @Bean
    TerminationGrace grpcLbTerminationGrace(
            GrpcLbProperties properties,
            Environment environment,
            ServerLifecycle server,
            ObjectProvider<HostShutdownGrace> host) {
        return new TerminationGrace(
                properties.registration(),
                environment.getProperty(TerminationGrace.VARIABLE),
                server,
                host::getIfUnique);
    }

    @Bean
    ReadinessEvents grpcLbReadinessEvents(ServerLifecycle registration, GrpcLbProperties properties) {
        return new ReadinessEvents(registration, properties.registration().when());
    }
}
