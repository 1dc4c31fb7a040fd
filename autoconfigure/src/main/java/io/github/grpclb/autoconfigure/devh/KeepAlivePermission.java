package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.server.ServerSetup;
import io.grpc.ServerBuilder;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/** Has clients permitted to ping as often as gRPC lets them, unless the application has set a limit. */
final class KeepAlivePermission implements GrpcServerConfigurer {

    private static final String PROPERTY = "grpc.server.permit-keep-alive-time";

    private final boolean isSet;

    KeepAlivePermission(Environment environment) {
        this.isSet = Binder.get(environment).bind(PROPERTY, String.class).isBound();
    }

    @Override
    public void accept(ServerBuilder<?> server) {
        if (!isSet) {
            ServerSetup.permitKeepAlive(server);
        }
    }
}
