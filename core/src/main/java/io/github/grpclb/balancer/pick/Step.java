package io.github.grpclb.balancer.pick;

import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that stands over every policy: it takes servers out, brings them back, or divides them so that each call chooses among
 * a part of them. Steps that are not configured are not there. Confined to the synchronization context, but for its pickers and what explains it.
 */
interface Step extends Timed {

    /**
     * Makes a picker for a pool.
     *
     * @param next makes a picker for what this step leaves of the pool
     */
    SubchannelPicker picker(Pool pool, Next next);

    /**
     * Returns the parts of a pool that calls go to whatever they say: servers of these are to be connected to before there are
     * calls, where a channel connects to a subset only.
     */
    default List<Pool> parts(Pool pool) {
        return List.of(pool);
    }

    /**
     * Says where a call goes on to from here; changes nothing, and draws nothing. Unlike the methods above, for any thread, once a picker
     * was made.
     *
     * @param call what it asks for, or null for calls that ask for nothing
     */
    default Passage passage(Pool pool, @Nullable PickSubchannelArgs call) {
        return Passage.through(pool);
    }

    /**
     * Returns what says why. For any thread, too.
     *
     * @param before where calls that ask for nothing go when they come to this step
     * @param after where they go from there: by the {@link #passage} of each of these
     */
    @Nullable
    default Judge judge(List<Way> before, List<Way> after) {
        return null;
    }

    /** Hears that all pickers of one update are made. */
    default void done() {}

    /** The steps that follow, and the policy. */
    @FunctionalInterface
    interface Next {
        SubchannelPicker picker(Pool pool);
    }
}
