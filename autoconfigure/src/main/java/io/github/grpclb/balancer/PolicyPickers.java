package io.github.grpclb.balancer;

import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What stands below the steps: a policy for each pool. Confined to the synchronization context. */
final class PolicyPickers implements Step.Next {

    private final String policy;
    private final Map<String, ?> options;
    private final ChannelPolicies policies;
    private final PolicyFailures failures;
    private final CallTracking tracking;
    private final PolicyPicker.PickerMaker maker;
    private final Set<String> pools = new HashSet<>();

    PolicyPickers(
            LbConfig config,
            ChannelPolicies policies,
            PolicyFailures failures,
            CallTracking tracking,
            PolicyPicker.PickerMaker maker) {
        this.policy = config.policy();
        this.options = config.options();
        this.policies = policies;
        this.failures = failures;
        this.tracking = tracking;
        this.maker = maker;
    }

    @Override
    public SubchannelPicker picker(Pool pool) {
        if (pool.connected().isEmpty()) {
            return pool.isConnecting()
                    ? new FixedResultPicker(PickResult.withNoResult())
                    : new NotReadyPicker(tracking, pool.known());
        }
        pools.add(pool.name());
        // where all are ejected, they are better than nothing
        List<EndpointCandidate> ready = NewCalls.among(pool.canServe() ? pool.usable() : pool.connected());
        return new PolicyPicker(
                policies.get(policy, options, pool.name()), failures, tracking, pool.known(), ready, maker);
    }

    /** Hears that all pickers of one update are made: policies of servers that are no more are forgotten. */
    void done() {
        policies.keepOnly(pools);
        pools.clear();
    }
}
