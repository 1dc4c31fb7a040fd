package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import java.util.List;
import java.util.Set;

/** Says in which state the endpoints of a channel are. */
@Internal
public final class EndpointStates {

    private EndpointStates() {}

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
