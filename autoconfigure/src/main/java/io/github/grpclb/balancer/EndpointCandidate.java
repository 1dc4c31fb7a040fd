package io.github.grpclb.balancer;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * A child as it was when a picker was made.
 *
 * @param endpoint what the registry says of it
 * @param weight its effective weight
 * @param load what is known of its calls
 * @param state the child's state
 * @param suspect whether the registry no longer lists it; it takes calls like any other
 * @param connection the child's own picker, tracked. It answers with the same result for every call, so a pick allocates nothing
 * @param answer that result, where it is sure not to change: a pick then asks no further
 */
record EndpointCandidate(
        Endpoint endpoint,
        double weight,
        EndpointLoad load,
        ConnectivityState state,
        boolean suspect,
        SubchannelPicker connection,
        @Nullable PickResult answer)
        implements Candidate {

    EndpointCandidate(
            Endpoint endpoint,
            double weight,
            EndpointLoad load,
            ConnectivityState state,
            boolean suspect,
            SubchannelPicker connection) {
        this(
                endpoint,
                weight,
                load,
                state,
                suspect,
                connection,
                connection instanceof TrackedConnection tracked ? tracked.fixedAnswer() : null);
    }

    boolean isReady() {
        return state == ConnectivityState.READY;
    }

    boolean isFailing() {
        return state == ConnectivityState.TRANSIENT_FAILURE;
    }

    boolean isDraining() {
        return endpoint.state() == Endpoint.State.DRAINING;
    }

    EndpointCandidate withWeight(double otherWeight) {
        return new EndpointCandidate(endpoint, otherWeight, load, state, suspect, connection, answer);
    }

    PickResult connect(PickSubchannelArgs call) {
        PickResult known = answer;
        return known != null ? known : connection.pickSubchannel(call);
    }

    /**
     * Fails a call with why there is no connection to this server.
     *
     * @param what went wrong for the call
     * @param own what {@link #connect} answered
     */
    PickResult failed(String what, PickResult own) {
        Status status = own.getStatus();
        return PickResult.withError(Status.UNAVAILABLE
                .withDescription(what + "; " + endpoint.address() + ": " + ConnectionFailure.describe(status))
                .withCause(status.getCause()));
    }
}
