package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.client.ChannelSetup;
import io.grpc.ManagedChannelBuilder;
import java.util.concurrent.TimeUnit;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;

/**
 * Prepares Spring gRPC's channels that lead to servers of the registry. It is to come after the host's properties, whose round robin
 * would take the place of our balancer: they are a bean without an order, as this is, which is defined before.
 */
final class ClientChannels<T extends ManagedChannelBuilder<T>> implements GrpcChannelBuilderCustomizer<T> {

    /** gRPC's own. Spring gRPC's 20 s close the connections of a client that calls twice a minute. */
    private static final long IDLE_MINUTES = 30;

    private final ChannelTargets targets;
    private final ChannelProperties properties;
    private final ChannelSetup setup;

    ClientChannels(ChannelTargets targets, ChannelProperties properties, ChannelSetup setup) {
        this.targets = targets;
        this.properties = properties;
        this.setup = setup;
    }

    @Override
    public void customize(String name, T builder) {
        if (!targets.isOurs(name)) {
            return;
        }
        if (!properties.setsIdleTimeout(name)) {
            builder.idleTimeout(IDLE_MINUTES, TimeUnit.MINUTES);
        }
        setup.prepare(builder, targets.client(name));
    }
}
