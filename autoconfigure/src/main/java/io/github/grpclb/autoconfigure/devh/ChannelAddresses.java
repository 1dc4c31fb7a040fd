package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ClientServices;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.discovery.EndpointSource;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import net.devh.boot.grpc.client.config.GrpcChannelProperties;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindingPostProcessor;
import org.springframework.util.function.SingletonSupplier;

/**
 * Sends clients without an address to etcd: {@code @GrpcClient("greeter")} to {@code etcd:///greeter}, or to the service that is
 * configured for it. What the user has set stays: an address, be it for all clients, or a default scheme.
 *
 * <p>It is there before any bean is made by which a channel may be: a bean post-processor that is itself a bean comes too late for
 * the channels that others of its kind ask for.
 */
final class ChannelAddresses implements BeanDefinitionRegistryPostProcessor {

    /** Serves all clients without an address in the same process, by their names. */
    private static final String IN_PROCESS = "in-process";

    /**
     * Says whether a client's calls are spread by grpc-lb.
     *
     * @param ours the scheme of the registry's targets
     */
    static boolean isOurs(GrpcChannelsProperties channels, String client, String ours) {
        URI address = channels.getChannel(client).getAddress();
        String scheme = address != null ? address.getScheme() : defaultScheme(channels);
        return ours.equalsIgnoreCase(scheme);
    }

    /** Returns the names of the clients that were asked for so far. */
    static Set<String> clients(GrpcChannelsProperties channels) {
        return channels instanceof ServiceChannels ours ? Set.copyOf(ours.asked) : Set.of();
    }

    /** Returns the scheme of {@code grpc.default-scheme}, which may also be the beginning of a target, such as {@code dns:///}. */
    private static @Nullable String defaultScheme(GrpcChannelsProperties channels) {
        String scheme = channels.getDefaultScheme();
        return scheme == null ? null : scheme.replaceFirst(":.*", "");
    }

    @Override
    public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
        if (registry instanceof ConfigurableListableBeanFactory beans) {
            beans.addBeanPostProcessor(new Wrapping(beans));
        }
    }

    /** No record: Spring compares it with all others of its kind, and the first comparison of a record links a call site. */
    private static final class Wrapping implements BeanPostProcessor {

        private final ConfigurableListableBeanFactory beans;

        Wrapping(ConfigurableListableBeanFactory beans) {
            this.beans = beans;
        }

        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            if (bean instanceof GrpcChannelsProperties channels && !(bean instanceof ServiceChannels)) {
                bindUnlessBound(channels, beanName);
                return new ServiceChannels(
                        channels,
                        new ClientServices(beans.getBean(GrpcLbProperties.class)),
                        SingletonSupplier.of(this::scheme));
            }
            return bean;
        }

        /** It is asked for with the first client: whatever the source of endpoints needs is there by then, and no earlier. */
        private String scheme() {
            EndpointSource source = beans.getBeanProvider(EndpointSource.class).getIfUnique();
            return source == null ? EndpointSource.DEFAULT_SCHEME : source.scheme();
        }

        /** Properties that are made before Spring's bean post-processors would stay empty. */
        private void bindUnlessBound(GrpcChannelsProperties channels, String beanName) {
            if (beans instanceof AbstractBeanFactory factory
                    && factory.getBeanPostProcessors().stream()
                            .noneMatch(ConfigurationPropertiesBindingPostProcessor.class::isInstance)) {
                beans.getBeanProvider(ConfigurationPropertiesBindingPostProcessor.class)
                        .ifAvailable(binding -> binding.postProcessBeforeInitialization(channels, beanName));
            }
        }
    }

    /**
     * Knows each client's target when it is asked for that client. Before, neither the names of all clients are known, nor is it which
     * client a property stands for whose name Spring shortened.
     */
    private static final class ServiceChannels extends GrpcChannelsProperties {

        private final ClientServices services;
        private final Supplier<String> ours;
        private final @Nullable String boundScheme;
        private final Set<String> asked = ConcurrentHashMap.newKeySet();

        ServiceChannels(GrpcChannelsProperties bound, ClientServices services, Supplier<String> ours) {
            this.services = services;
            this.ours = ours;
            this.boundScheme = bound.getDefaultScheme();
            getClient().putAll(bound.getClient());
        }

        @Override
        public String getDefaultScheme() {
            return boundScheme == null ? ours.get() : boundScheme;
        }

        @Override
        public GrpcChannelProperties getChannel(String name) {
            asked.add(name);
            GrpcChannelProperties channel = super.getChannel(name);
            String scheme = defaultScheme(this);
            if (channel.getAddress() == null && !IN_PROCESS.equals(scheme)) {
                services.targetOf(name, ours.get(), ours.get().equalsIgnoreCase(scheme))
                        .map(URI::create)
                        .ifPresent(channel::setAddress);
            }
            return channel;
        }
    }
}
