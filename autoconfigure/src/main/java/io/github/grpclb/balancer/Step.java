package io.github.grpclb.balancer;

import io.grpc.LoadBalancer.SubchannelPicker;

/**
 * Something that stands over every policy: it takes servers out, brings them back, or divides them so that each call chooses among
 * a part of them. Steps that are not configured are not there. Confined to the synchronization context, but for its pickers.
 */
interface Step extends Timed {

    /**
     * Makes a picker for a pool.
     *
     * @param next makes a picker for what this step leaves of the pool
     */
    SubchannelPicker picker(Pool pool, Next next);

    /** Hears that all pickers of one update are made. */
    default void done() {}

    /** The steps that follow, and the policy. */
    @FunctionalInterface
    interface Next {
        SubchannelPicker picker(Pool pool);
    }
}
