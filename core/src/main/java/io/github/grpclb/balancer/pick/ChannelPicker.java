package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Internal;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;
import java.util.function.Function;

/** What calls that are bound to no server are picked for by, in each state of a channel. */
@Internal
public final class ChannelPicker {

    private ChannelPicker() {}

    /**
     * Returns the picker.
     *
     * @param known not empty
     * @param chain makes the steps' picker
     */
    public static SubchannelPicker of(
            LbConfig config,
            CallTracking tracking,
            ConnectivityState state,
            List<EndpointCandidate> known,
            Function<List<EndpointCandidate>, SubchannelPicker> chain) {
        if (config.subsetSize() > 0) {
            // calls may be for servers that are not connected to yet
            return chain.apply(known);
        }
        return switch (state) {
            case READY -> chain.apply(known);
            case TRANSIENT_FAILURE -> new NotReadyPicker(tracking, known);
            default -> NotReadyPicker.unlessConnecting(tracking, known);
        };
    }
}
