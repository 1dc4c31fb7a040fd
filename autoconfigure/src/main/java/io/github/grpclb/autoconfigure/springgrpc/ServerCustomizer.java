package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.ServerBuilders;
import io.grpc.ServerBuilder;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** Prepares the builders of Spring gRPC's servers, after the host's properties, which are a bean without an order, too. */
final class ServerCustomizer<T extends ServerBuilder<T>> implements ServerBuilderCustomizer<T> {

    private final ServerBuilders builders;

    ServerCustomizer(ServerBuilders builders) {
        this.builders = builders;
    }

    @Override
    public void customize(T server) {
        builders.prepare(server);
    }

    ServerBuilders builders() {
        return builders;
    }
}
