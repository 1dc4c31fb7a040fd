package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.Status;

/** Servers for the tests of steps. A pick of one is told by the text of its status, which is the id of the server. */
public final class FakeServers {

    private FakeServers() {}

    public static Endpoint.Builder endpoint(int number) {
        return Endpoint.builder("svc", "127.0.0.1", number).id("s" + number).startedAt(1);
    }

    static EndpointCandidate ready(Endpoint endpoint) {
        return candidate(endpoint, new EndpointLoad(endpoint.identity(), 0), ConnectivityState.READY);
    }

    static EndpointCandidate in(ConnectivityState state, Endpoint endpoint) {
        return candidate(endpoint, new EndpointLoad(endpoint.identity(), 0), state);
    }

    /** Returns a server that was first ready at that time. */
    static EndpointCandidate readySince(long nanos, Endpoint endpoint) {
        EndpointLoad load = new EndpointLoad(endpoint.identity(), nanos);
        load.ready(nanos);
        return candidate(endpoint, load, ConnectivityState.READY);
    }

    static EndpointCandidate candidate(Endpoint endpoint, EndpointLoad load, ConnectivityState state) {
        PickResult result =
                switch (state) {
                    case CONNECTING, IDLE -> PickResult.withNoResult();
                    default -> PickResult.withError(Status.UNAVAILABLE.withDescription(endpoint.id()));
                };
        return new EndpointCandidate(endpoint, endpoint.weight(), load, state, false, new FixedResultPicker(result));
    }

    /** Lets calls to a server end. */
    public static void calls(EndpointLoad load, int calls, CallOutcome outcome) {
        for (int i = 0; i < calls; i++) {
            load.started(0);
            load.ended(outcome, false, 0, 0);
        }
    }
}
