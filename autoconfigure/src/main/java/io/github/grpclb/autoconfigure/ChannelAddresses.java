package io.github.grpclb.autoconfigure;

import java.net.URI;
import net.devh.boot.grpc.client.config.GrpcChannelProperties;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Sends clients without an address to etcd: {@code @GrpcClient("greeter")} to {@code etcd:///greeter}, or to the service that is
 * configured for it. What the user has set, an address or a default scheme, stays.
 */
final class ChannelAddresses implements BeanPostProcessor {

    private static final String SCHEME = "etcd";

    private final ObjectProvider<GrpcLbProperties> properties;

    ChannelAddresses(ObjectProvider<GrpcLbProperties> properties) {
        this.properties = properties;
    }

    /** Says whether a client's calls are spread by grpc-lb. */
    static boolean isOurs(GrpcChannelsProperties channels, String client) {
        URI address = channels.getChannel(client).getAddress();
        String scheme = address != null ? address.getScheme() : channels.getDefaultScheme();
        return SCHEME.equals(scheme);
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        if (bean instanceof GrpcChannelsProperties channels) {
            if (channels.getDefaultScheme() == null) {
                channels.setDefaultScheme(SCHEME);
            }
            properties.getObject().clients().forEach((name, client) -> {
                if (client.service() != null) {
                    setAddress(channels, name, client.service());
                }
            });
        }
        return bean;
    }

    private static void setAddress(GrpcChannelsProperties channels, String client, String service) {
        GrpcChannelProperties channel =
                channels.getClient().computeIfAbsent(client, name -> new GrpcChannelProperties());
        if (channel.getAddress() == null) {
            channel.setAddress(URI.create(SCHEME + ":///" + service));
        }
    }
}
