package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.PolicyTable;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/**
 * What a channel picks by at one moment, so that what it would pick can be tried without picking. Whatever changes is copied; the loads
 * of the servers alone are the channel's own, to be read. Immutable.
 */
@Internal
public final class ChannelCopy {

    private final LbConfig config;
    private final List<EndpointCandidate> known;
    private final ChannelMemory memory;
    private final long nanoTime;

    /**
     * Copies. Called in the channel's synchronization context.
     *
     * @param config what holds
     * @param known all servers, as the last picker was made of them; not to be changed
     * @param nanoTime the monotonic time now, by which the loads are kept
     */
    public ChannelCopy(LbConfig config, List<EndpointCandidate> known, ChannelMemory memory, long nanoTime) {
        this.config = config;
        this.known = known;
        this.memory = memory.copy(() -> 0, load -> load);
        this.nanoTime = nanoTime;
    }

    /** Returns what the channel is configured to do. */
    public LbConfig config() {
        return config;
    }

    /** Returns all servers, in the channel's order. */
    public List<EndpointCandidate> known() {
        return known;
    }

    /** Returns when this was made, in nanoseconds of the monotonic clock. */
    public long nanoTime() {
        return nanoTime;
    }

    /** Returns the policies that the channel may use. */
    public PolicyTable policies() {
        return memory.policies().table();
    }

    /**
     * Returns a memory to try picks with, another one each time.
     *
     * @param chance gives 64 random bits, which the policies draw by
     * @param loadOf gives the load that stands for one of the channel
     */
    public ChannelMemory memory(LongSupplier chance, UnaryOperator<EndpointLoad> loadOf) {
        return memory.copy(chance, loadOf);
    }
}
