package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.ConnectionUse;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.SubsetPlace;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;

/**
 * Picks in a part of the servers that is connected to only while calls go there: has its members connected, and keeps them so.
 * Thread-safe.
 */
final class PartPicker extends SubchannelPicker {

    private final List<EndpointCandidate> members;
    private final SubchannelPicker picker;
    private final ConnectionUse use = new ConnectionUse();
    private volatile boolean woken;

    PartPicker(List<EndpointCandidate> members, SubchannelPicker picker) {
        this.members = members;
        this.picker = picker;
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        use.mark();
        if (!woken) {
            woken = true;
            for (EndpointCandidate member : members) {
                if (member.isAsleep()) {
                    member.connect(call);
                }
            }
        }
        return picker.pickSubchannel(call);
    }

    /** Lets the members be known to be in use, if they are. */
    void passUseOn() {
        if (use.take()) {
            for (EndpointCandidate member : members) {
                SubsetPlace place = member.place();
                if (place != null) {
                    place.use().mark();
                }
            }
        }
    }
}
