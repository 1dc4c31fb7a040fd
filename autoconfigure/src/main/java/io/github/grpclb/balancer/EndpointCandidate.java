package io.github.grpclb.balancer;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;

/**
 * A child as it was when a picker was made.
 *
 * @param endpoint what the registry says of it
 * @param weight its effective weight
 * @param load what is known of its calls
 * @param state the child's state
 * @param connection the child's own picker, tracked. It answers with the same result for every call, so a pick allocates nothing
 */
record EndpointCandidate(
        Endpoint endpoint, double weight, EndpointLoad load, ConnectivityState state, SubchannelPicker connection)
        implements Candidate {

    boolean isReady() {
        return state == ConnectivityState.READY;
    }

    boolean isDraining() {
        return endpoint.state() == Endpoint.State.DRAINING;
    }

    EndpointCandidate withWeight(double otherWeight) {
        return new EndpointCandidate(endpoint, otherWeight, load, state, connection);
    }

    PickResult connect(PickSubchannelArgs call) {
        return connection.pickSubchannel(call);
    }
}
