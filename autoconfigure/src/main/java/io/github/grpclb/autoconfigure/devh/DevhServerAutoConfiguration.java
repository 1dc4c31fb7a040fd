package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.GrpcLbServerAutoConfiguration;
import io.github.grpclb.autoconfigure.ServerAnnouncement;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.server.ServerLifecycle;
import net.devh.boot.grpc.server.event.GrpcServerLifecycleEvent;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;
import org.springframework.beans.factory.ListableBeanFactory;
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
            TrafficTracking traffic,
            ListableBeanFactory beans,
            GrpcLbProperties properties) {
        RegisteredServer registered =
                new RegisteredServer(beans, properties.registration().server());
        registered.requireKnown();
        return new ServerEvents(lifecycle, announcement, registered, traffic);
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
