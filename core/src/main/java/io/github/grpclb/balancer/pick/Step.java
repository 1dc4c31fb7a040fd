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

    /** Says where a call goes on to from here; changes nothing, and draws nothing. */
    default Passage passage(Pool pool, PickSubchannelArgs call) {
        return Passage.through(pool);
    }

    /**
     * Returns where calls of a pool go that ask for nothing. Unlike the other methods, for any thread.
     *
     * @return parts with their shares, which make 1
     */
    default List<Way> ways(Pool pool) {
        return List.of(new Way(pool, 1));
    }

    /**
     * Returns what says why. Unlike the other methods, for any thread.
     *
     * @param before where calls go when they come to this step
     * @param after where they go from there: the {@link #ways} of each of these
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
