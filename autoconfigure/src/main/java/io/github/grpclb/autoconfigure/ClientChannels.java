package io.github.grpclb.autoconfigure;

import io.github.grpclb.balancer.BalancerArgs;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.BalancerInUse;
import io.github.grpclb.resolver.InitialWait;
import io.github.grpclb.resolver.ResolverArgs;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import net.devh.boot.grpc.client.channelfactory.GrpcChannelConfigurer;
import net.devh.boot.grpc.client.config.GrpcChannelsProperties;

/**
 * Hands each channel this context's source and policies, and its balancer's configuration. gRPC's registries belong to the whole JVM, so
 * what belongs to a context travels with the channel: two contexts do not meet.
 */
final class ClientChannels implements GrpcChannelConfigurer {

    private static final Duration LONGEST_STALE_MAX = Duration.ofDays(365);

    private static final ClientProperties NOTHING_SET = Records.empty(ClientProperties.class);

    private final GrpcLbProperties properties;
    private final Duration staleMax;
    private final ClientProperties allClients;
    private final GrpcChannelsProperties channels;
    private final EndpointSource source;
    private final ChannelArguments arguments;
    private final StaticEndpoints staticEndpoints;
    private final ClientServices services;
    private final List<InitialWait> waits = new CopyOnWriteArrayList<>();
    private final AddressRules registryRules;

    /**
     * Checks all that is configured.
     *
     * @throws InvalidPropertyException if something would not work
     */
    ClientChannels(
            GrpcLbProperties properties,
            ClientProperties allClients,
            GrpcChannelsProperties channels,
            EndpointSource source,
            ChannelArguments arguments) {
        this.properties = properties;
        this.staleMax = InvalidPropertyException.requireWithin(
                Duration.ZERO,
                LONGEST_STALE_MAX,
                properties.staleMax(),
                "grpc.lb.stale-max",
                "0 to 365d",
                "Correct the property; 0 trusts the registry at once.");
        this.allClients = allClients;
        this.channels = channels;
        this.source = source;
        this.arguments = arguments;
        this.registryRules =
                new EtcdSettings(properties.etcd(), null).recordRules().addresses();
        this.staticEndpoints = new StaticEndpoints(properties.staticEndpoints());
        this.services = new ClientServices(properties);
        services.requireValid();
        PolicyTable policies = arguments.policies();
        configOf("").requireValid(policies);
        properties.clients().keySet().forEach(name -> configOf(name).requireValid(policies));
    }

    @Override
    public void accept(ManagedChannelBuilder<?> builder, String name) {
        if (ChannelAddresses.isOurs(channels, name) && hasBalancer(builder)) {
            ClientServiceConfig config = configOf(name);
            if (config.followsKeys(arguments.policies())) {
                builder.intercept(RoutingKeys.hashKeyFromContext());
            }
            builder.intercept(new BrokenConnectionInterceptor());
            arguments.giveTo(builder, name);
            Optional<EndpointSource> fixed = fixed(name);
            if (fixed.isEmpty()) {
                InitialWait wait = config.initialWait();
                waits.add(wait);
                builder.setNameResolverArg(ResolverArgs.INITIAL_WAIT, wait);
                builder.setNameResolverArg(ResolverArgs.ADDRESS_RULES, registryRules);
            }
            // the service config is the user's: a default of ours would take the place of his, or his of ours
            builder.setNameResolverArg(ResolverArgs.SOURCE, fixed.orElse(source))
                    .setNameResolverArg(ResolverArgs.STALE_MAX, staleMax)
                    .setNameResolverArg(ResolverArgs.BALANCER_IN_USE, new BalancerInUse(name))
                    .setNameResolverArg(BalancerArgs.CONFIG, config.balancer());
        }
    }

    /**
     * Chooses the balancer. A builder for one address refuses any, and is left alone: the name of an in-process server, for which
     * net.devh makes its channel, may be a client's too.
     */
    private static boolean hasBalancer(ManagedChannelBuilder<?> builder) {
        try {
            builder.defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME);
            return true;
        } catch (IllegalStateException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** Has channels that know no server wait for a first one again. */
    void waitAnew() {
        waits.forEach(InitialWait::begin);
    }

    private Optional<EndpointSource> fixed(String name) {
        String service = services.of(name);
        return staticEndpoints
                .of(name, service)
                .map(endpoints -> new OneService(new StaticEndpointSource(Map.of(service, endpoints)), service));
    }

    /** Follows one service, whatever the channel's target is. */
    private record OneService(EndpointSource source, String service) implements EndpointSource {

        @Override
        public Subscription subscribe(String name, EndpointListener listener) {
            return source.subscribe(service, listener);
        }

        /** The source is closed by whoever opened it. */
        @Override
        public void close() {}
    }

    private ClientServiceConfig configOf(String name) {
        return new ClientServiceConfig("grpc.lb.clients." + name + ".", client(name), allClients);
    }

    private ClientProperties client(String name) {
        return RelaxedNames.find("grpc.lb.clients.", properties.clients(), name)
                .map(properties.clients()::get)
                .orElse(NOTHING_SET);
    }
}
