package io.github.grpclb.balancer;

import io.grpc.ConnectivityState;
import java.util.List;

/**
 * How many endpoints of a channel are in which state; each counts once.
 *
 * @param ready connected, and taking calls
 * @param connecting being connected to
 * @param idle not connected, and not being connected to
 * @param failing the last attempt to connect failed
 * @param draining about to leave, whatever the connection
 */
public record EndpointCounts(int ready, int connecting, int idle, int failing, int draining) {

    /** Those of a channel that knows no endpoint. */
    public static final EndpointCounts NONE = new EndpointCounts(0, 0, 0, 0, 0);

    static EndpointCounts of(List<EndpointCandidate> known) {
        int draining = 0;
        int[] byState = new int[ConnectivityState.values().length];
        for (EndpointCandidate candidate : known) {
            if (candidate.isDraining()) {
                draining++;
            } else {
                byState[candidate.state().ordinal()]++;
            }
        }
        return new EndpointCounts(
                byState[ConnectivityState.READY.ordinal()],
                byState[ConnectivityState.CONNECTING.ordinal()],
                byState[ConnectivityState.IDLE.ordinal()],
                byState[ConnectivityState.TRANSIENT_FAILURE.ordinal()],
                draining);
    }
}
