package io.github.grpclb.autoconfigure;

import io.github.grpclb.resolver.EndpointNameResolverProvider;
import java.net.URI;
import net.devh.boot.grpc.client.config.GrpcChannelProperties;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;

/**
 * Sends clients without an address to etcd: {@code @GrpcClient("greeter")} to {@code etcd:///greeter}, or to the service that is
 * configured for it. What the user has set, an address or a default scheme, stays.
 */
final class ChannelAddresses implements BeanPostProcessor, PriorityOrdered {

    private final ObjectProvider<GrpcLbProperties> properties;

    ChannelAddresses(ObjectProvider<GrpcLbProperties> properties) {
        this.properties = properties;
    }

    /** Says whether a client's calls are spread by grpc-lb. */
    static boolean isOurs(GrpcChannelsProperties channels, String client) {
        URI address = channels.getChannel(client).getAddress();
        String scheme = address != null ? address.getScheme() : channels.getDefaultScheme();
        return EndpointNameResolverProvider.SCHEME.equals(scheme);
    }

    /** After the properties are bound, and before any of those by which a channel may be made. */
    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        if (bean instanceof GrpcChannelsProperties channels && !(bean instanceof ServiceChannels)) {
            return new ServiceChannels(channels, new ClientServices(properties.getObject()));
        }
        return bean;
    }

    /**
     * Knows each client's target when it is asked for that client. Before, neither the names of all clients are known, nor is it which
     * client a property stands for whose name Spring shortened.
     */
    private static final class ServiceChannels extends GrpcChannelsProperties {

        private final ClientServices services;

        ServiceChannels(GrpcChannelsProperties bound, ClientServices services) {
            this.services = services;
            getClient().putAll(bound.getClient());
            setDefaultScheme(
                    bound.getDefaultScheme() == null ? EndpointNameResolverProvider.SCHEME : bound.getDefaultScheme());
        }

        @Override
        public GrpcChannelProperties getChannel(String name) {
            GrpcChannelProperties channel = super.getChannel(name);
            if (channel.getAddress() == null) {
                boolean byDefault = EndpointNameResolverProvider.SCHEME.equals(getDefaultScheme());
                services.targetOf(name, byDefault).map(URI::create).ifPresent(channel::setAddress);
            }
            return channel;
        }
    }
}
