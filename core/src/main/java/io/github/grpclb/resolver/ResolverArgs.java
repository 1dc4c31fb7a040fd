package io.github.grpclb.resolver;

import io.github.grpclb.discovery.EndpointSource;
import io.grpc.NameResolver;
import java.time.Duration;

/**
 * What a channel brings for its resolver: arguments for {@code ManagedChannelBuilder.setNameResolverArg}. gRPC's registries are shared
 * by the whole JVM, so that whatever belongs to one channel, or one application, travels with the channel.
 */
public final class ResolverArgs {

    /** Where a channel's endpoints come from. Without it all calls of the channel fail. The channel does not close it. */
    public static final NameResolver.Args.Key<EndpointSource> SOURCE =
            NameResolver.Args.Key.create("io.github.grpclb.endpoint-source");

    /** The service config of a channel that may change while the channel lives. Optional. */
    public static final NameResolver.Args.Key<LiveServiceConfig> SERVICE_CONFIG =
            NameResolver.Args.Key.create("io.github.grpclb.service-config");

    /** Whether a channel's calls are spread by {@code endpoint_lb}, for those that want it so. Optional. */
    public static final NameResolver.Args.Key<BalancerInUse> BALANCER_IN_USE =
            NameResolver.Args.Key.create("io.github.grpclb.balancer-in-use");

    /**
     * The longest time that endpoints are kept which vanished from the registry together ({@link Unlisted}); time while it is
     * unreachable does not count. 0 keeps none. Optional: {@link #DEFAULT_STALE_MAX} where it is absent.
     */
    public static final NameResolver.Args.Key<Duration> STALE_MAX =
            NameResolver.Args.Key.create("io.github.grpclb.stale-max");

    /** How long calls wait for a first server. Optional; without it they fail as soon as the registry says that there is none. */
    public static final NameResolver.Args.Key<InitialWait> INITIAL_WAIT =
            NameResolver.Args.Key.create("io.github.grpclb.initial-wait");

    /** Hears which service a channel is for as soon as it is built. Optional. */
    public static final NameResolver.Args.Key<BuiltListener> BUILT =
            NameResolver.Args.Key.create("io.github.grpclb.built");

    /** Hears of a channel's resolvers, for whoever shows the channel. Optional. */
    public static final NameResolver.Args.Key<ResolverLife> LIFE =
            NameResolver.Args.Key.create("io.github.grpclb.resolver-life");

    /** Five minutes. */
    public static final Duration DEFAULT_STALE_MAX = Duration.ofMinutes(5);

    private ResolverArgs() {}
}
