package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Internal;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;

/** Fails calls with what the last endpoint of the list says, where no endpoint can be connected to. */
@Internal
public final class NotReadyPicker extends SubchannelPicker {

    private final CallTracking tracking;
    private final int known;
    private final EndpointCandidate last;

    public NotReadyPicker(CallTracking tracking, List<EndpointCandidate> known) {
        this.tracking = tracking;
        this.known = known.size();
        this.last = lastOf(known);
    }

    /** One that is not connected to would have nothing to say. */
    private static EndpointCandidate lastOf(List<EndpointCandidate> known) {
        for (int i = known.size() - 1; i >= 0; i--) {
            if (known.get(i).isFailing()) {
                return known.get(i);
            }
        }
        return known.get(known.size() - 1);
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        PickResult result = last.connect(call);
        tracking.pickFailed(last.endpoint().service(), PickObserver.Failure.NOT_READY);
        return last.failed("no endpoint is ready (" + known + " known)", result);
    }
}
