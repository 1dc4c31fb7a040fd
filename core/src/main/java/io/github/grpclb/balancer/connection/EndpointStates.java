package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.grpc.ConnectivityState;
import java.util.List;
import java.util.Set;

/** Says in which state the endpoints of a channel are. */
@Internal
public final class EndpointStates {

    private static final List<ConnectivityState> BEST_FIRST =
            List.of(ConnectivityState.READY, ConnectivityState.CONNECTING, ConnectivityState.IDLE);

    private EndpointStates() {}

    /** Returns the state of a channel with these endpoints; what disabled ones have counts only where all are. */
    public static ConnectivityState ofChannel(List<EndpointCandidate> known) {
        boolean allDisabled = known.stream().allMatch(EndpointCandidate::isDisabled);
        int[] countByState = new int[ConnectivityState.values().length];
        for (EndpointCandidate candidate : known) {
            boolean counts = !candidate.isAsleep() && (allDisabled || !candidate.isDisabled());
            countByState[candidate.state().ordinal()] += counts ? 1 : 0;
        }
        return ofChannel(countByState, known.isEmpty());
    }

    /**
     * Returns the best state that an endpoint has; {@link ConnectivityState#TRANSIENT_FAILURE} for none.
     *
     * @param countByState how many are in which state; those that are asleep count nowhere
     * @param isEmpty whether there are none, asleep or not
     */
    static ConnectivityState ofChannel(int[] countByState, boolean isEmpty) {
        for (ConnectivityState state : BEST_FIRST) {
            if (countByState[state.ordinal()] > 0) {
                return state;
            }
        }
        boolean allAsleep = !isEmpty && countByState[ConnectivityState.TRANSIENT_FAILURE.ordinal()] == 0;
        return allAsleep ? ConnectivityState.CONNECTING : ConnectivityState.TRANSIENT_FAILURE;
    }

    public static EndpointState of(EndpointCandidate candidate, Set<Endpoint.Identity> ejected) {
        if (candidate.isDisabled()) {
            return EndpointState.DISABLED;
        }
        if (candidate.isDraining()) {
            return EndpointState.DRAINING;
        }
        return switch (candidate.state()) {
            case READY -> {
                if (ejected.contains(candidate.load().identity())) {
                    yield EndpointState.EJECTED;
                }
                yield candidate.suspect() ? EndpointState.SUSPECT : EndpointState.READY;
            }
            case CONNECTING -> EndpointState.CONNECTING;
            case IDLE -> EndpointState.IDLE;
            case TRANSIENT_FAILURE, SHUTDOWN -> EndpointState.FAILING;
        };
    }

    public static EndpointCounts count(List<EndpointCandidate> known, Set<Endpoint.Identity> ejected) {
        int[] count = new int[EndpointState.values().length];
        for (EndpointCandidate candidate : known) {
            count[of(candidate, ejected).ordinal()]++;
        }
        return new EndpointCounts(
                count[EndpointState.READY.ordinal()],
                count[EndpointState.EJECTED.ordinal()],
                count[EndpointState.CONNECTING.ordinal()],
                count[EndpointState.IDLE.ordinal()],
                count[EndpointState.FAILING.ordinal()],
                count[EndpointState.DRAINING.ordinal()],
                count[EndpointState.SUSPECT.ordinal()],
                count[EndpointState.DISABLED.ordinal()]);
    }
}
