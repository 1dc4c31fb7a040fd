package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.client.ChannelSetup;
import io.grpc.ManagedChannelBuilder;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;

/** Prepares net.devh's channels, but for those whose addresses the user has given to somebody else. */
final class ClientChannels implements GrpcChannelConfigurer {

    private final GrpcChannelsProperties channels;
    private final ChannelSetup setup;

    ClientChannels(GrpcChannelsProperties channels, ChannelSetup setup) {
        this.channels = channels;
        this.setup = setup;
    }

    @Override
    public void accept(ManagedChannelBuilder<?> builder, String name) {
        if (ChannelAddresses.isOurs(channels, name, setup.scheme())) {
            setup.prepare(builder, name);
        }
    }
}
