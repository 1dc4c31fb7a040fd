package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.server.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import net.devh.boot.grpc.server.event.GrpcServerLifecycleEvent;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** Ties gRPC's own health service, where there is one, to the server's leaving. */
@AutoConfiguration(afterName = "net.devh.boot.grpc.server.autoconfigure.GrpcHealthServiceAutoConfiguration")
@ConditionalOnGrpcLb
@ConditionalOnClass({GrpcServerLifecycleEvent.class, HealthStatusManager.class})
public final class DevhServingStatusAutoConfiguration {

    @Bean
    @ConditionalOnBean(HealthStatusManager.class)
    ServingStatusEvents grpcLbServingStatus(
            HealthStatusManager health,
            ObjectProvider<ServerEvents> registration,
            ObjectProvider<ServerLifecycle> lifecycle) {
        ServingStatus status =
                new ServingStatus(health, server -> registration.stream().anyMatch(it -> it.isRegistered(server)));
        lifecycle.ifAvailable(it -> it.onDrain(status::draining));
        return new ServingStatusEvents(status);
    }
}
