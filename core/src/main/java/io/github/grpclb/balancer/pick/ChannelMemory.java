package io.github.grpclb.balancer.pick;

import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.PolicyTable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/** What a channel keeps beyond its pickers, its balancer and its idle times. Belongs to one channel. Thread-safe. */
public final class ChannelMemory {

    private final ChannelPolicies policies;
    private final ChannelState state = new ChannelState();
    private final EjectionHistory ejections;
    private final long seed;

    /**
     * Creates the memory of a channel that is new.
     *
     * @param policies those that it may use
     */
    public ChannelMemory(PolicyTable policies) {
        this(
                new ChannelPolicies(policies),
                new EjectionHistory(),
                ThreadLocalRandom.current().nextLong());
    }

    private ChannelMemory(ChannelPolicies policies, EjectionHistory ejections, long seed) {
        this.policies = policies;
        this.ejections = ejections;
        this.seed = seed;
    }

    /**
     * Returns a memory of the same, which goes on apart from this one. Called in the channel's synchronization context.
     *
     * @param chance gives 64 random bits, for the policies of the copy
     * @param loadOf gives the load that stands for another
     */
    ChannelMemory copy(LongSupplier chance, UnaryOperator<EndpointLoad> loadOf) {
        return new ChannelMemory(policies.copy(chance), ejections.copy(loadOf), seed);
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
