package io.github.grpclb.balancer;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.timeline.Timeline;
import io.grpc.NameResolver;

/**
 * What a channel brings for its balancer: arguments for {@code ManagedChannelBuilder.setNameResolverArg}, which reach the balancer with
 * the resolver's.
 */
public final class BalancerArgs {

    /** What a channel keeps while its balancer comes and goes. Without it all starts anew after an idle time, with the built-in policies. */
    public static final NameResolver.Args.Key<ChannelMemory> MEMORY =
            NameResolver.Args.Key.create("io.github.grpclb.memory");

    /**
     * What the balancer does where neither the channel's service config nor its live one has a configuration for it. So the service
     * config is free for what the user sets. Without it {@link LbConfig#DEFAULT}.
     */
    public static final NameResolver.Args.Key<LbConfig> CONFIG =
            NameResolver.Args.Key.create("io.github.grpclb.balancer-config");

    /** The loads that the channels of a context share. Without it the balancer has its own, and starts anew after an idle time. */
    public static final NameResolver.Args.Key<EndpointLoads> LOADS =
            NameResolver.Args.Key.create("io.github.grpclb.loads");

    /** Who hears of calls and picks. Without it nobody does. */
    public static final NameResolver.Args.Key<PickObserver> OBSERVER =
            NameResolver.Args.Key.create("io.github.grpclb.observer");

    /** What the context that a channel belongs to has logged. Without it the balancer logs as if it were the only one. */
    public static final NameResolver.Args.Key<LogLimit> LOG_LIMIT =
            NameResolver.Args.Key.create("io.github.grpclb.log-limit");

    /** The live endpoints of the context that a channel belongs to. Without it nobody sees them. */
    public static final NameResolver.Args.Key<LiveEndpoints> LIVE_ENDPOINTS =
            NameResolver.Args.Key.create("io.github.grpclb.live-endpoints");

    /** Where the channel can be asked for copies of what it picks by. Without it it cannot. */
    public static final NameResolver.Args.Key<ChannelCopies> COPIES =
            NameResolver.Args.Key.create("io.github.grpclb.channel-copies");

    /** What is seen of the channel while its balancer comes and goes. Without it nothing is seen of a channel that is idle. */
    public static final NameResolver.Args.Key<ChannelView> VIEW =
            NameResolver.Args.Key.create("io.github.grpclb.channel-view");

    /** Who hears of connections, ejections and the like. Without it nobody does. */
    public static final NameResolver.Args.Key<Timeline> TIMELINE =
            NameResolver.Args.Key.create("io.github.grpclb.timeline");

    /** What the application calls the client that a channel belongs to. Optional. */
    public static final NameResolver.Args.Key<String> CLIENT = NameResolver.Args.Key.create("io.github.grpclb.client");

    private BalancerArgs() {}

    static LogLimit logLimit(NameResolver.Args args) {
        LogLimit ofContext = args.getArg(LOG_LIMIT);
        return ofContext != null ? ofContext : new LogLimit(System::nanoTime);
    }
}
