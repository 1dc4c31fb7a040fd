package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ServerBuilders;
import io.grpc.ServerBuilder;
import net.devh.boot.grpc.server.serverfactory.GrpcServerConfigurer;

/** Prepares the builders of net.devh's servers. */
final class ServerConfigurer implements GrpcServerConfigurer {

    private final ServerBuilders builders;

    ServerConfigurer(ServerBuilders builders) {
        this.builders = builders;
    }

    @Override
    public void accept(ServerBuilder<?> server) {
        builders.prepare(server);
    }

    ServerBuilders builders() {
        return builders;
    }
}
