package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.client.InnerInterceptor;
import io.grpc.ManagedChannelBuilder;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.springframework.beans.factory.ObjectProvider;

/** Prepares net.devh's channels, but for those whose addresses the user has given to somebody else. */
final class ClientChannels implements GrpcChannelConfigurer {

    private final GrpcChannelsProperties channels;
    private final ChannelSetup setup;
    private final ObjectProvider<InnerInterceptor> interceptors;

    ClientChannels(GrpcChannelsProperties channels, ChannelSetup setup, ObjectProvider<InnerInterceptor> interceptors) {
        this.channels = channels;
        this.setup = setup;
        this.interceptors = interceptors;
    }

    @Override
    public void accept(ManagedChannelBuilder<?> builder, String name) {
        if (ChannelAddresses.isOurs(channels, name, setup.scheme())) {
            setup.prepare(builder, name);
            // net.devh wraps its own around the channel, so that those of the builder are beneath them
            interceptors.orderedStream().forEach(builder::intercept);
        }
    }
}
