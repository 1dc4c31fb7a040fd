package io.github.grpclb.balancer;

import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;

/** Fails calls with what the last endpoint of the list says, where no endpoint can be connected to. */
final class NotReadyPicker extends SubchannelPicker {

    private final CallTracking tracking;
    private final List<EndpointCandidate> known;

    NotReadyPicker(CallTracking tracking, List<EndpointCandidate> known) {
        this.tracking = tracking;
        this.known = known;
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        EndpointCandidate last = known.get(known.size() - 1);
        PickResult result = last.connect(call);
        tracking.pickFailed(last.endpoint().service(), PickObserver.Failure.NOT_READY);
        return last.failed("no endpoint is ready (" + known.size() + " known)", result);
    }
}
