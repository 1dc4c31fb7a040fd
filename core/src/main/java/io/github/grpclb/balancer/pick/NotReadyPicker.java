package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.DelayedPick;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Status;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Fails calls with what the last endpoint of the list says, where no endpoint can be connected to; where operators have disabled all of
 * them, with who did so and why.
 */
@Internal
public final class NotReadyPicker extends SubchannelPicker {

    /** Overrides that are told of. */
    private static final int MOST_CAUSES = 3;

    private final CallTracking tracking;
    private final String service;
    private final String reason;

    /** Null where all are disabled: none is asked. */
    private final @Nullable EndpointCandidate last;

    /**
     * Creates a picker.
     *
     * @param known all that there are; not empty
     */
    public NotReadyPicker(CallTracking tracking, List<EndpointCandidate> known) {
        List<EndpointCandidate> enabled = Pool.filter(known, candidate -> !candidate.isDisabled());
        int disabled = known.size() - enabled.size();
        this.tracking = tracking;
        this.service = known.get(0).endpoint().service();
        this.last = enabled.isEmpty() ? null : lastOf(enabled);
        this.reason = "no endpoint is ready (" + known.size() + " known"
                + (disabled == 0 ? "" : ", " + disabled + " of them disabled" + causes(known)) + ")";
    }

    /** Lets calls wait while an endpoint that takes new calls is being connected to, and fails them as above otherwise. */
    public static SubchannelPicker unlessConnecting(CallTracking tracking, List<EndpointCandidate> known) {
        return Pool.isConnecting(known)
                ? new FixedResultPicker(DelayedPick.connecting("no endpoint is ready"))
                : new NotReadyPicker(tracking, known);
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

    private static String causes(List<EndpointCandidate> known) {
        Set<String> causes = new LinkedHashSet<>();
        for (EndpointCandidate candidate : known) {
            Endpoint.Overridden overridden = candidate.endpoint().overridden();
            if (candidate.isDisabled() && overridden != null) {
                overridden.causes().stream().limit(1).map(LogText::of).forEach(causes::add);
            }
        }
        String told = causes.stream().limit(MOST_CAUSES).collect(Collectors.joining("; "));
        int more = causes.size() - MOST_CAUSES;
        return causes.isEmpty() ? "" : ": " + told + (more > 0 ? "; and " + more + " more" : "");
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        if (last == null) {
            tracking.pickFailed(service, PickObserver.Failure.DISABLED);
            // no drop: the override ends by itself, and a call may wait for that
            return PickResult.withError(Status.UNAVAILABLE.withDescription(reason));
        }
        PickResult result = last.connect(call);
        tracking.pickFailed(service, PickObserver.Failure.NOT_READY);
        return last.failed(reason, result);
    }
}
