package io.github.grpclb.balancer.connection;

import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.grpc.Status;

/**
 * Hears what the balancers of a context do. Called on the threads of calls and of transports: it must not block. What it throws
 * reaches no call, and is logged once. Thread-safe.
 *
 * <p>A call is heard of once for each attempt that was sent to a server: a call that is retried several times, one that ends before
 * it is sent never, unless its deadline passed while the connection had no room for it.
 */
public interface PickObserver {

    /** Why a pick found no server. A call that waits is picked for again with each change, and may fail to find one each time. */
    enum Failure {
        /** The resolver knows no endpoint. */
        NO_ENDPOINT,
        /** There are endpoints, and none can be connected to. */
        NOT_READY,
        /** There are endpoints, and operators have disabled all of them. */
        DISABLED,
        /** The call is bound to a server that is not there. */
        SERVER_ID,
        /** The call names a value by {@link TagRule} that no server has. */
        TAGS,
        /** The policy has no server for this call. */
        NO_CANDIDATE,
        /** The policy threw; the call went to any server that is ready. */
        POLICY_ERROR
    }

    /** Why a pick lets its call wait. A call that waits is picked for again with each change, and may have to go on waiting each time. */
    enum Delay {
        /** No endpoint is ready; some are being connected to. */
        CONNECTING,
        /** Some endpoints are ready; those that this call is for, by server id, tags or a hash key, are being connected to. */
        BOUND,
        /** None is registered, and one is about to be. */
        AWAITED
    }

    /** A call was sent to a server. */
    default void callStarted(Endpoint endpoint, String policy) {}

    /**
     * A call that was sent to a server ended.
     *
     * @param status as the transport saw it: a deadline may show as {@link Status.Code#CANCELLED}
     * @param outcome what it says about the server
     * @param nanos from being handed to the connection to its end, so with the time that it waited for being sent
     */
    default void callFinished(Endpoint endpoint, String policy, Status.Code status, CallOutcome outcome, long nanos) {}

    /** A pick found no server. */
    default void pickFailed(String service, String policy, Failure failure) {}

    /** A pick found no server yet: its call waits. */
    default void pickDelayed(String service, String policy, Delay delay) {}

    /**
     * A channel has its first list since it was made, or was idle: calls that came before waited for it.
     *
     * @param nanos since it began to ask for one
     */
    default void firstList(String service, long nanos) {}

    /**
     * The endpoints of a channel, or their states, changed. To have the numbers over all channels, add up the differences.
     *
     * @param before what was last told for this channel; {@link EndpointCounts#NONE} at first
     * @param now what holds now; {@link EndpointCounts#NONE} when the channel closes or becomes idle
     */
    default void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {}

    /**
     * Endpoints vanished from the registry together, and stay in use while their connections are ready. Heard of for each channel.
     *
     * @param endpoints how many more these are than before, of those whose connection is ready
     */
    default void endpointsSuspected(String service, int endpoints) {}

    /** An endpoint was ejected as an outlier. Heard of for each channel. */
    default void endpointEjected(String service) {}

    /**
     * Pools of a channel's endpoints, which are all of them or the parts that tags make, began to panic or ceased to: too few of their
     * endpoints are usable, so that ejected ones are used as well. To have the number over all channels, add up the differences.
     *
     * @param before what was last told for this channel; 0 at first
     * @param now how many panic now; 0 when the channel closes, becomes idle or has no endpoint
     */
    default void panicChanged(String service, int before, int now) {}
}
