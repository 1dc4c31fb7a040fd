package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.AnnouncedServer;
import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.autoconfigure.GrpcLbServerAutoConfiguration;
import io.github.grpclb.autoconfigure.HostShutdownGrace;
import io.github.grpclb.autoconfigure.RegisteredServer;
import io.github.grpclb.autoconfigure.ServerAnnouncement;
import io.github.grpclb.autoconfigure.ServerBuilders;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.server.ServerLifecycle;
import io.grpc.ServerBuilder;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.bind.BindResult;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/** Announces Spring gRPC's server. */
@AutoConfiguration(
        after = GrpcLbServerAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration",
            "org.springframework.grpc.autoconfigure.server.GrpcServerAutoConfiguration"
        })
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcServerLifecycle.class)
@ConditionalOnBean({ServerLifecycle.class, GrpcServerLifecycle.class})
public final class SpringGrpcServerAutoConfiguration {

    /** That of Spring Boot 4.1, and that of the versions before. */
    private static final List<String> KEEP_ALIVE_LIMITS =
            List.of("spring.grpc.server.keepalive.permit.time", "spring.grpc.server.keep-alive.permit-time");

    /** That of Spring Boot 4.1, and that of the versions before. */
    private static final List<String> SHUTDOWN_GRACES =
            List.of("spring.grpc.server.shutdown.grace-period", "spring.grpc.server.shutdown-grace-period");

    @Bean
    HostShutdownGrace grpcLbSpringHostShutdownGrace(Environment environment) {
        Binder binder = Binder.get(environment);
        for (String property : SHUTDOWN_GRACES) {
            BindResult<String> set = binder.bind(property, String.class);
            if (set.isBound() && !set.get().isBlank()) {
                return new HostShutdownGrace(property, DurationStyle.detectAndParse(set.get(), ChronoUnit.SECONDS));
            }
        }
        return new HostShutdownGrace(SHUTDOWN_GRACES.get(0), HostShutdownGrace.DEFAULT);
    }

    @Bean
    ServerEvents grpcLbSpringServerEvents(
            ServerLifecycle lifecycle,
            ServerAnnouncement announcement,
            ServerCustomizer<?> customizer,
            ListableBeanFactory beans,
            GrpcLbProperties properties) {
        RegisteredServer choice = new RegisteredServer(
                beans, GrpcServerLifecycle.class, properties.registration().server());
        return new ServerEvents(new AnnouncedServer(lifecycle, announcement, choice), customizer.builders());
    }

    @Bean
    <T extends ServerBuilder<T>> ServerCustomizer<T> grpcLbSpringServerCustomizer(Environment environment) {
        return new ServerCustomizer<>(new ServerBuilders(environment, KEEP_ALIVE_LIMITS));
    }
}
