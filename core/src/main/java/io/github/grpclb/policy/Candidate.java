package io.github.grpclb.policy;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoad;

/**
 * An endpoint as a policy sees it. Immutable; the same object as before while nothing about it changed. A policy picks among the
 * candidates that it was given, it does not make its own.
 */
public interface Candidate {

    /** Returns what the registry says of it. */
    Endpoint endpoint();

    /**
     * Returns its effective share of calls relative to the other candidates. Above 0 for every candidate that is ready; not
     * necessarily a whole number, and not necessarily the weight in the registry.
     */
    double weight();

    /** Returns what this process has seen of it so far; the same object for as long as it is the same server. */
    EndpointLoad load();

    /**
     * Says whether the channel keeps a connection to it whatever calls there are. Of those that are ready it is false only where a
     * policy that {@linkplain Policy#followsKeys() follows keys} meets a subset: a call that picks such a candidate waits for its
     * connection, if need be. Calls that may as well go elsewhere should.
     */
    default boolean isInSubset() {
        return true;
    }
}
