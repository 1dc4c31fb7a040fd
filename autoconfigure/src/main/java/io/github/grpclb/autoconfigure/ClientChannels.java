package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.GrpcLbProperties.Client;
import io.github.grpclb.autoconfigure.GrpcLbProperties.ServerId;
import io.github.grpclb.balancer.Policy;
import io.github.grpclb.balancer.PolicyLoadBalancer;
import io.github.grpclb.balancer.policy.Policies;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.resolver.EndpointNameResolverProvider;
import io.grpc.ManagedChannelBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;

/**
 * Hands each channel this context's source and policies, and its service config. gRPC's registries belong to the whole JVM, so
 * what belongs to a context travels with the channel: two contexts do not meet.
 */
final class ClientChannels implements GrpcChannelConfigurer {

    private final GrpcLbProperties properties;
    private final GrpcChannelsProperties channels;
    private final EndpointSource source;
    private final ChannelArguments arguments;
    private final StaticEndpoints staticEndpoints;

    /**
     * Checks the policies' names and the fixed addresses.
     *
     * @throws InvalidPropertyException if a policy is configured that does not exist, or an address is none
     */
    ClientChannels(
            GrpcLbProperties properties,
            GrpcChannelsProperties channels,
            EndpointSource source,
            ChannelArguments arguments) {
        this.properties = properties;
        this.channels = channels;
        this.source = source;
        this.arguments = arguments;
        this.staticEndpoints = new StaticEndpoints(properties.staticEndpoints());
        SortedSet<String> known = Policies.forChannel(arguments.policies()).names();
        requireKnown("grpc.lb.policy", properties.policy(), known);
        properties.clients().forEach((name, client) -> {
            if (client.policy() != null) {
                requireKnown("grpc.lb.clients." + name + ".policy", client.policy(), known);
            }
        });
    }

    @Override
    public void accept(ManagedChannelBuilder<?> builder, String name) {
        if (ChannelAddresses.isOurs(channels, name)) {
            arguments.giveTo(builder);
            builder.setNameResolverArg(EndpointNameResolverProvider.SOURCE, sourceOf(name))
                    .defaultLoadBalancingPolicy(PolicyLoadBalancer.NAME)
                    .defaultServiceConfig(serviceConfig(name));
        }
    }

    private EndpointSource sourceOf(String name) {
        String configured = properties.client(name).service();
        String service = configured != null ? configured : name;
        return staticEndpoints
                .of(name, service)
                .<EndpointSource>map(endpoints -> new StaticEndpointSource(Map.of(service, endpoints)))
                .orElse(source);
    }

    /** Returns what gRPC calls the service config, as it would stand in JSON. */
    private Map<String, ?> serviceConfig(String name) {
        Client client = properties.client(name);
        Map<String, Object> balancer = new HashMap<>();
        balancer.put("policy", client.policy() != null ? client.policy() : properties.policy());
        balancer.put("serverId", serverId(client.serverId() != null ? client.serverId() : properties.serverId()));
        return Map.of("loadBalancingConfig", List.of(Map.of(PolicyLoadBalancer.NAME, balancer)));
    }

    private static Map<String, ?> serverId(ServerId serverId) {
        Map<String, Object> config = new HashMap<>();
        config.put("mode", serverId.mode().name().toLowerCase(Locale.ROOT));
        if (serverId.header() != null) {
            config.put("header", serverId.header());
        }
        return config;
    }

    private static void requireKnown(String property, String policy, SortedSet<String> known) {
        if (!known.contains(policy)) {
            throw new InvalidPropertyException(
                    property,
                    policy,
                    "one of " + String.join(", ", known),
                    "Choose one of these, or define a bean of type " + Policy.class.getName() + " whose name() is \""
                            + policy + "\".");
        }
    }
}
