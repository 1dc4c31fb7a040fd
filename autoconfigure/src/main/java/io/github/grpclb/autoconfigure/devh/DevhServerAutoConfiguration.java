package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.AnnouncedServer;
import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.GrpcLbServerAutoConfiguration;
import io.github.grpclb.autoconfigure.HostShutdownGrace;
import io.github.grpclb.autoconfigure.RegisteredServer;
import io.github.grpclb.autoconfigure.ServerAnnouncement;
import io.github.grpclb.autoconfigure.ServerBuilders;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.server.ServerLifecycle;
import java.util.List;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import net.devh.boot.grpc.server.event.GrpcServerLifecycleEvent;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Announces net.devh's gRPC server. */
@AutoConfiguration(after = GrpcLbServerAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcServerLifecycleEvent.class)
@ConditionalOnBean(ServerLifecycle.class)
public final class DevhServerAutoConfiguration {

    @Bean
    ServerEvents grpcLbServerEvents(
            ServerLifecycle lifecycle,
            ServerAnnouncement announcement,
            ServerConfigurer configurer,
            ListableBeanFactory beans,
            GrpcLbProperties properties) {
        RegisteredServer choice = new RegisteredServer(
                beans, GrpcServerLifecycle.class, properties.registration().server());
        return new ServerEvents(new AnnouncedServer(lifecycle, announcement, choice), configurer.builders());
    }

    /** Without net.devh's own auto-configuration there are no properties of its server's. */
    @Bean
    HostShutdownGrace grpcLbHostShutdownGrace(ObjectProvider<GrpcServerProperties> properties) {
        GrpcServerProperties server = properties.getIfAvailable();
        return new HostShutdownGrace(
                "grpc.server.shutdown-grace-period",
                server == null ? HostShutdownGrace.DEFAULT : server.getShutdownGracePeriod());
    }

    @Bean
    ServerConfigurer grpcLbServerConfigurer(Environment environment) {
        return new ServerConfigurer(new ServerBuilders(environment, List.of("grpc.server.permit-keep-alive-time")));
    }
}
