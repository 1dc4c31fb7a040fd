package io.github.grpclb.balancer.pick;

import io.github.grpclb.policy.PolicyTable;
import java.util.concurrent.ThreadLocalRandom;

/** What a channel keeps beyond its pickers, its balancer and its idle times. Belongs to one channel. Thread-safe. */
public final class ChannelMemory {

    private final ChannelPolicies policies;
    private final ChannelState state = new ChannelState();
    private final EjectionHistory ejections = new EjectionHistory();
    private final long seed = ThreadLocalRandom.current().nextLong();

    /**
     * Creates the memory of a channel that is new.
     *
     * @param policies those that it may use
     */
    public ChannelMemory(PolicyTable policies) {
        this.policies = new ChannelPolicies(policies);
    }

    /** Returns what the channel's balancer does with its servers. */
    public ChannelState state() {
        return state;
    }

    /** Returns the policies that the channel uses. */
    ChannelPolicies policies() {
        return policies;
    }

    /** Returns what is known of servers that failed; confined to the channel's synchronization context. */
    EjectionHistory ejections() {
        return ejections;
    }

    /** Returns what the channel draws its subset of the servers by. */
    public long seed() {
        return seed;
    }
}
