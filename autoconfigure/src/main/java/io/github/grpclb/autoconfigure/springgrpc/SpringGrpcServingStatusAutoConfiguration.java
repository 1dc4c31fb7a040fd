package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.server.ServerLifecycle;
import io.grpc.protobuf.services.HealthStatusManager;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/** Ties gRPC's own health service, where there is one, to the server's leaving. */
@AutoConfiguration(
        after = SpringGrpcServerAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.grpc.server.autoconfigure.health.GrpcServerHealthAutoConfiguration",
            "org.springframework.grpc.autoconfigure.server.health.GrpcServerHealthAutoConfiguration"
        })
@ConditionalOnGrpcLb
@ConditionalOnClass({GrpcServerLifecycle.class, HealthStatusManager.class})
public final class SpringGrpcServingStatusAutoConfiguration {

    @Bean
    @ConditionalOnBean({HealthStatusManager.class, GrpcServerLifecycle.class})
    ServingStatusEvents grpcLbSpringServingStatus(
            HealthStatusManager health,
            ObjectProvider<ServerEvents> registration,
            ObjectProvider<ServerLifecycle> lifecycle,
            ApplicationContext context) {
        ServingStatusEvents events = new ServingStatusEvents(
                health, server -> registration.stream().anyMatch(it -> it.isRegistered(server)), context);
        lifecycle.ifAvailable(it -> it.onDrain(events));
        return events;
    }
}
