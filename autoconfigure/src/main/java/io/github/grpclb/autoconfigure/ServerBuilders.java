package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.server.ServerSetup;
import io.github.grpclb.server.ServerTraffic;
import io.grpc.ServerBuilder;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;
import org.jspecify.annotations.Nullable;

/**
 * Has what arrives at each server noted, each for itself. A configurer is told of a server's builder and not of the server, so the two
 * are brought together by their thread: net.devh builds a server, starts it and publishes that without leaving it.
 */
final class TrafficTracking implements GrpcServerConfigurer {

    private final ThreadLocal<@Nullable ServerTraffic> built = new ThreadLocal<>();

    @Override
    public void accept(ServerBuilder<?> server) {
        built.set(ServerSetup.prepare(server));
    }

    /** Returns what arrives at the server that this thread has just started; of one that was built otherwise nothing is known. */
    ServerTraffic ofStartedServer() {
        ServerTraffic traffic = built.get();
        built.remove();
        return traffic != null ? traffic : new ServerTraffic();
    }
}
