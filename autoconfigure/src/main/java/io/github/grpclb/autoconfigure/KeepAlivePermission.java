package io.github.grpclb.autoconfigure;

import io.grpc.ServerBuilder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Lets clients ping as often as gRPC lets them at all. gRPC's own limit, 5 min, answers a client that looks after its connections
 * with a GOAWAY that fails its calls. A limit that the application has set stays.
 */
final class KeepAlivePermission implements GrpcServerConfigurer {

    /** The least that gRPC's clients take. */
    static final Duration TIME = Duration.ofSeconds(10);

    private static final String PROPERTY = "grpc.server.permit-keep-alive-time";

    private final boolean isSet;

    KeepAlivePermission(Environment environment) {
        this.isSet = Binder.get(environment).bind(PROPERTY, String.class).isBound();
    }

    @Override
    public void accept(ServerBuilder<?> server) {
        if (isSet) {
            return;
        }
        try {
            server.permitKeepAliveTime(TIME.toMillis(), TimeUnit.MILLISECONDS);
        } catch (UnsupportedOperationException e) {
            // an in-process server has no connections
        }
    }
}
