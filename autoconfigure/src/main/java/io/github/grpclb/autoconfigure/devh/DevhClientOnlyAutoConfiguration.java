package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ConditionalOnGrpcLb;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** Keeps an application that serves nothing from opening a server's port, unless {@code grpc.server.port} asks for one. */
@AutoConfiguration
@ConditionalOnGrpcLb
@ConditionalOnClass(GrpcServerLifecycle.class)
@ConditionalOnProperty(name = "grpc.server.port", matchIfMissing = true, havingValue = "none")
public final class DevhClientOnlyAutoConfiguration {

    @Bean
    static ClientOnlyServerRemoval grpcLbClientOnlyServerRemoval() {
        return new ClientOnlyServerRemoval();
    }
}
