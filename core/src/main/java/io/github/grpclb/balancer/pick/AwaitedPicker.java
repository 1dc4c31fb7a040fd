package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.DelayedPick;
import io.github.grpclb.balancer.connection.PickObserver.Delay;
import io.github.grpclb.discovery.Internal;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Status;

/** Lets calls wait for an endpoint to be registered. */
@Internal
public final class AwaitedPicker extends SubchannelPicker {

    private final CallTracking tracking;
    private final String service;
    private final PickResult wait;

    /**
     * Creates a picker.
     *
     * @param reason says that there is no endpoint
     */
    public AwaitedPicker(CallTracking tracking, String service, Status reason) {
        String description = reason.getDescription();
        this.tracking = tracking;
        this.service = service;
        this.wait = DelayedPick.awaited(description != null ? description : "an endpoint is awaited");
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        tracking.pickDelayed(service, Delay.AWAITED);
        return wait;
    }
}
