package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
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
 * @param place how it stands to the channel's subset, or null where the channel connects to all
 * @param since since when it has stood so
 * @param answer that result, where it is sure not to change: a pick then asks no further
 */
@Internal
public record EndpointCandidate(
        Endpoint endpoint,
        double weight,
        EndpointLoad load,
        ConnectivityState state,
        boolean suspect,
        SubchannelPicker connection,
        @Nullable SubsetPlace place,
        Since since,
        @Nullable PickResult answer)
        implements Candidate {

    public EndpointCandidate(
            Endpoint endpoint,
            double weight,
            EndpointLoad load,
            ConnectivityState state,
            boolean suspect,
            SubchannelPicker connection) {
        this(endpoint, weight, load, state, suspect, connection, null, Since.UNKNOWN);
    }

    public EndpointCandidate(
            Endpoint endpoint,
            double weight,
            EndpointLoad load,
            ConnectivityState state,
            boolean suspect,
            SubchannelPicker connection,
            @Nullable SubsetPlace place,
            Since since) {
        this(
                endpoint,
                weight,
                load,
                state,
                suspect,
                connection,
                place,
                since,
                connection instanceof TrackedConnection tracked ? tracked.fixedAnswer() : null);
    }

    public boolean isReady() {
        return state == ConnectivityState.READY;
    }

    public boolean isFailing() {
        return state == ConnectivityState.TRANSIENT_FAILURE;
    }

    public boolean isDraining() {
        return endpoint.state() == Endpoint.State.DRAINING;
    }

    /** Says whether an operator wants it to take no new calls, be it that nobody else can. */
    public boolean isDisabled() {
        return endpoint.state() == Endpoint.State.DISABLED;
    }

    /** Says whether new calls are to go there: it neither drains nor is disabled. */
    public boolean isStaying() {
        return endpoint.state() == Endpoint.State.UP;
    }

    @Override
    public boolean isInSubset() {
        return suspect || isMember();
    }

    /** Says whether it has a connection whatever calls there are. */
    public boolean isMember() {
        return place == null || place.member();
    }

    /** Says whether it is not connected to until a call wants that. */
    public boolean isAsleep() {
        return place != null && place.asleep();
    }

    /** Says whether a new call that wants to go there may wait for its first connection. */
    public boolean isComing() {
        return place != null && place.coming() && !isDisabled();
    }

    public EndpointCandidate withWeight(double otherWeight) {
        return new EndpointCandidate(endpoint, otherWeight, load, state, suspect, connection, place, since, answer);
    }

    /** Returns it as a member of the subset of a part of the servers, or as none. */
    public EndpointCandidate asMember(boolean member) {
        SubsetPlace was = place;
        return was == null || was.member() == member
                ? this
                : new EndpointCandidate(
                        endpoint,
                        weight,
                        load,
                        state,
                        suspect,
                        connection,
                        new SubsetPlace(was.use(), was.rank(), member, was.asleep(), was.coming()),
                        since,
                        answer);
    }

    /** Returns what the last attempt to connect failed with, or what its health service says; null unless it fails. */
    public @Nullable String failure() {
        PickResult known = answer;
        return known == null || !isFailing() ? null : ConnectionFailure.reason(known.getStatus());
    }

    /** Says whether it is connected and its health service says that it does not serve. */
    public boolean isUnhealthy() {
        PickResult known = answer;
        return known != null && isFailing() && ConnectionFailure.isOfHealth(known.getStatus());
    }

    public PickResult connect(PickSubchannelArgs call) {
        PickResult known = answer;
        return known != null ? known : connection.pickSubchannel(call);
    }

    /**
     * Fails a call with why there is no connection to this server.
     *
     * @param what went wrong for the call
     * @param own what {@link #connect} answered
     */
    public PickResult failed(String what, PickResult own) {
        Status status = own.getStatus();
        return PickResult.withError(Status.UNAVAILABLE
                .withDescription(what + "; " + endpoint.address() + ": " + ConnectionFailure.describe(status))
                .withCause(status.getCause()));
    }
}
