package io.github.grpclb.balancer.policy;

import io.github.grpclb.balancer.ChannelPolicies;
import io.github.grpclb.balancer.Policy;
import io.github.grpclb.balancer.PolicyFactory;
import java.util.Collection;
import java.util.Map;

/** The table of the built-in policies: a new one is a class of its own and a line here. */
public final class Policies {

    private static final Map<String, PolicyFactory> BUILT_IN = Map.of(
            ConsistentHashPolicy.NAME, ConsistentHashPolicy::new,
            LeastRequestPolicy.NAME, LeastRequestPolicy::new,
            PeakEwmaPolicy.NAME, PeakEwmaPolicy::new,
            PickFirstPolicy.NAME, options -> new PickFirstPolicy(),
            RandomPolicy.NAME, options -> new RandomPolicy(),
            RoundRobinPolicy.NAME, options -> new RoundRobinPolicy(),
            WeightedRandomPolicy.NAME, options -> new WeightedRandomPolicy(),
            WeightedRoundRobinPolicy.NAME, options -> new WeightedRoundRobinPolicy());

    private Policies() {}

    /**
     * Returns the built-in policies and a user's own, for one channel.
     *
     * <p>It also serves to check a configuration before there is a channel: see {@link ChannelPolicies#names()} and
     * {@link ChannelPolicies#get}.
     *
     * @param own the user's own policies, which the channel shares with others
     * @throws IllegalArgumentException if one of them has the name of another or of a built-in one
     */
    public static ChannelPolicies forChannel(Collection<? extends Policy> own) {
        return new ChannelPolicies(BUILT_IN, own);
    }
}
