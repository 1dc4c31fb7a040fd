package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Internal;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Status;

/** Fails calls with what the resolver says, where it never knew an endpoint. */
@Internal
public final class NoEndpointPicker extends SubchannelPicker {

    private final CallTracking tracking;
    private final String service;
    private final PickResult error;

    public NoEndpointPicker(CallTracking tracking, String service, Status error) {
        this.tracking = tracking;
        this.service = service;
        this.error = PickResult.withError(error);
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        tracking.pickFailed(service, PickObserver.Failure.NO_ENDPOINT);
        return error;
    }
}
