package io.github.grpclb.autoconfigure;

import io.github.grpclb.balancer.BalancerArgs;
import io.github.grpclb.balancer.ChannelMemory;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.PickObserver;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.PolicyTable;
import io.grpc.ManagedChannelBuilder;
import org.jspecify.annotations.Nullable;

/**
 * What all channels of a context share, on its way to their balancers.
 *
 * @param policies the built-in ones and the user's own
 * @param loads what is known of the servers
 * @param live what the balancers see
 * @param observer hears of calls and picks, or null
 */
record ChannelArguments(
        PolicyTable policies,
        EndpointLoads loads,
        LiveEndpoints live,
        @Nullable PickObserver observer) {

    /** Gives them to the channel of a client. */
    void giveTo(ManagedChannelBuilder<?> builder, String client) {
        builder.setNameResolverArg(BalancerArgs.MEMORY, new ChannelMemory(policies))
                .setNameResolverArg(BalancerArgs.LOADS, loads)
                .setNameResolverArg(BalancerArgs.LIVE_ENDPOINTS, live)
                .setNameResolverArg(BalancerArgs.CLIENT, client);
        if (observer != null) {
            builder.setNameResolverArg(BalancerArgs.OBSERVER, observer);
        }
    }
}
