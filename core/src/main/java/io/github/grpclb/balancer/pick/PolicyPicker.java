package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Status;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Asks the policy. What a policy throws ends here, since gRPC would end the channel: the calls then go to any server that is ready.
 */
final class PolicyPicker extends SubchannelPicker {

    private final Policy policy;
    private final PolicyFailures failures;
    private final CallTracking tracking;
    private final List<EndpointCandidate> known;
    private final List<EndpointCandidate> ready;
    private final Policy.@Nullable Picker picker;

    /**
     * Creates a picker, which is when the policy is asked for its own.
     *
     * @param ready those that take new calls; at least one
     * @param maker makes the picker of the policy for them
     */
    PolicyPicker(
            Policy policy,
            PolicyFailures failures,
            CallTracking tracking,
            List<EndpointCandidate> known,
            List<EndpointCandidate> ready,
            PickerMaker maker) {
        this.policy = policy;
        this.failures = failures;
        this.tracking = tracking;
        this.known = known;
        this.ready = ready;
        this.picker = pickerOf(policy, maker);
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        if (picker == null) {
            return afterError(call);
        }
        try {
            Candidate candidate = picker.pick(call);
            if (candidate == null) {
                return none(picker.reason(call));
            }
            // a candidate that is none of ours ends below, too
            return ((EndpointCandidate) candidate).connect(call);
        } catch (Throwable e) {
            failures.report(policy, e);
            return afterError(call);
        }
    }

    private Policy.@Nullable Picker pickerOf(Policy policy, PickerMaker maker) {
        try {
            return maker.picker(policy, known, ready);
        } catch (Throwable e) {
            failures.report(policy, e);
            return null;
        }
    }

    private PickResult afterError(PickSubchannelArgs call) {
        pickFailed(PickObserver.Failure.POLICY_ERROR);
        return ready.get(ThreadLocalRandom.current().nextInt(ready.size())).connect(call);
    }

    private PickResult none(String reason) {
        pickFailed(PickObserver.Failure.NO_CANDIDATE);
        return PickResult.withError(Status.UNAVAILABLE.withDescription(
                policy.name() + ": " + reason + " (" + ready.size() + " ready of " + known.size() + " known)"));
    }

    private void pickFailed(PickObserver.Failure failure) {
        tracking.pickFailed(ready.get(0).endpoint().service(), failure);
    }

    /** Makes a policy's picker. */
    @FunctionalInterface
    interface PickerMaker {

        /** As the policy itself does. */
        PickerMaker PLAIN = (policy, known, ready) ->
                policy.picker(Collections.unmodifiableList(known), Collections.unmodifiableList(ready));

        Policy.Picker picker(Policy policy, List<EndpointCandidate> known, List<EndpointCandidate> ready);
    }
}
