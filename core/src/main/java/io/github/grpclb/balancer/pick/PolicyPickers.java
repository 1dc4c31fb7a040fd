package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.DelayedPick;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What stands below the steps: a policy for each pool. Confined to the synchronization context, but for what explains it. */
final class PolicyPickers implements Step.Next {

    private final String policy;
    private final Map<String, ?> options;
    private final ChannelPolicies policies;
    private final PolicyFailures failures;
    private final CallTracking tracking;
    private final PolicyPicker.PickerMaker maker;
    private final int subsetSize;
    private final Set<String> pools = new HashSet<>();
    private List<PartPicker> parts = List.of();
    private List<PartPicker> nextParts = new ArrayList<>();

    PolicyPickers(
            LbConfig config,
            ChannelPolicies policies,
            PolicyFailures failures,
            CallTracking tracking,
            PolicyPicker.PickerMaker maker) {
        this.policy = config.policy();
        this.options = config.options();
        this.subsetSize = config.subsetSize();
        this.policies = policies;
        this.failures = failures;
        this.tracking = tracking;
        this.maker = maker;
    }

    @Override
    public SubchannelPicker picker(Pool pool) {
        Takers takers = takers(pool, subsetSize > 0 && followsKeys(pool));
        SubchannelPicker picker = picker(pool, takers);
        return subsetSize == 0 ? picker : keepingConnected(takers.members, picker);
    }

    private boolean followsKeys(Pool pool) {
        return policies.get(policy, options, pool.name()).followsKeys();
    }

    private SubchannelPicker picker(Pool pool, Takers takers) {
        if (takers.ready.isEmpty()) {
            return Pool.isConnecting(takers.waitedFor)
                    ? new FixedResultPicker(DelayedPick.connecting("no endpoint for the call is ready"))
                    : new NotReadyPicker(tracking, pool.known());
        }
        pools.add(pool.name());
        return new PolicyPicker(
                policies.get(policy, options, pool.name()),
                failures,
                tracking,
                pool.known(),
                NewCalls.among(takers.ready),
                maker);
    }

    /** Returns who takes the calls that come to a pool, draining ones and those of weight 0 left out. For any thread. */
    List<EndpointCandidate> takingNewCalls(Pool pool, boolean followsKeys) {
        List<EndpointCandidate> ready = takers(pool, followsKeys).ready;
        return ready.isEmpty() ? ready : NewCalls.among(ready);
    }

    /**
     * Who takes the calls that come to a pool.
     *
     * @param members those that are connected to, of a subset
     * @param waitedFor calls wait while one of these is being connected to and none is ready
     * @param ready the policy chooses among these
     */
    private record Takers(
            List<EndpointCandidate> members, List<EndpointCandidate> waitedFor, List<EndpointCandidate> ready) {}

    private Takers takers(Pool pool, boolean followsKeys) {
        if (subsetSize == 0) {
            return new Takers(List.of(), pool.known(), takingCalls(pool));
        }
        List<EndpointCandidate> members = Subset.draw(subsetSize, pool.known());
        return followsKeys ? amongAll(pool, members) : amongSubset(pool, members);
    }

    /** Where all are ejected, they are better than nothing. */
    private static List<EndpointCandidate> takingCalls(Pool pool) {
        return pool.canServe() ? pool.usable() : pool.connected();
    }

    /** Those that are drawn; others that are connected to only while none of these is ready. */
    private static Takers amongSubset(Pool pool, List<EndpointCandidate> members) {
        Set<EndpointCandidate> drawn = identitySet(members);
        List<EndpointCandidate> all = takingCalls(pool);
        List<EndpointCandidate> ready = Pool.filter(all, candidate -> candidate.suspect() || drawn.contains(candidate));
        return new Takers(members, members, ready.isEmpty() ? all : ready);
    }

    /** All that are ready or that can be waited for, since others' calls with the same key go there too. */
    private static Takers amongAll(Pool pool, List<EndpointCandidate> members) {
        Set<EndpointCandidate> drawn = identitySet(members);
        List<EndpointCandidate> ready = takingCalls(pool);
        List<EndpointCandidate> able = new ArrayList<>(pool.known().size());
        int next = 0;
        for (EndpointCandidate candidate : pool.known()) {
            if (next < ready.size() && ready.get(next) == candidate) {
                next++;
                able.add(candidate.asMember(drawn.contains(candidate)));
            } else if (candidate.isComing()) {
                able.add(candidate.asMember(drawn.contains(candidate)));
            }
        }
        return new Takers(members, pool.known(), able);
    }

    private SubchannelPicker keepingConnected(List<EndpointCandidate> members, SubchannelPicker picker) {
        if (members.stream().allMatch(EndpointCandidate::isMember)) {
            return picker;
        }
        PartPicker part = new PartPicker(members, picker);
        nextParts.add(part);
        return part;
    }

    private static Set<EndpointCandidate> identitySet(List<EndpointCandidate> candidates) {
        Set<EndpointCandidate> set = Collections.newSetFromMap(new IdentityHashMap<>());
        set.addAll(candidates);
        return set;
    }

    /** Says what a picker for a pool chooses among. Changes nothing. */
    List<String> says(Pool pool) {
        List<String> says = new ArrayList<>();
        boolean amongAll =
                subsetSize > 0 && policies.get(policy, options, pool.name()).followsKeys();
        List<EndpointCandidate> ready = takingCalls(pool);
        if (subsetSize > 0) {
            List<EndpointCandidate> members = Subset.draw(subsetSize, pool.known());
            says.add("subset: " + members.size() + " of "
                    + Passage.servers(pool.known().size()) + " connected to"
                    + (amongAll ? ", the others for calls with a key" : ""));
            if (!amongAll) {
                Set<EndpointCandidate> drawn = identitySet(members);
                List<EndpointCandidate> some =
                        Pool.filter(ready, candidate -> candidate.suspect() || drawn.contains(candidate));
                ready = some.isEmpty() ? ready : some;
            }
        }
        if (ready.isEmpty()) {
            says.add("connection: none of " + Passage.servers(pool.known().size()) + " is ready");
            return says;
        }
        if (!pool.canServe()) {
            says.add("ejection: all are ejected, so all are used");
        }
        List<EndpointCandidate> taking = NewCalls.among(ready);
        if (taking.size() < ready.size()) {
            says.add("drain and weight 0: " + (ready.size() - taking.size()) + " of " + Passage.servers(ready.size())
                    + " left out");
        }
        String slowStart = maker instanceof WarmUp warmUp ? warmUp.says(taking) : null;
        if (slowStart != null) {
            says.add(slowStart);
        }
        says.add("policy: " + policy + " among " + taking.size() + " of "
                + Passage.servers(pool.known().size()));
        return says;
    }

    /** Lets the members of parts be known to be in use, if they are. */
    void passUseOn() {
        parts.forEach(PartPicker::passUseOn);
    }

    /** Hears that all pickers of one update are made: policies of servers that are no more are forgotten. */
    void done() {
        policies.keepOnly(pools);
        pools.clear();
        passUseOn();
        parts = nextParts;
        nextParts = new ArrayList<>();
    }
}
