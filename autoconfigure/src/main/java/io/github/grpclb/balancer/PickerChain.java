package io.github.grpclb.balancer;

import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * The steps of one configuration, in their order, and the policy below them: ejection of outliers, tags, panic, zone, slow start.
 * What is not configured is not there. Confined to the synchronization context.
 */
final class PickerChain {

    private final List<Step> steps = new ArrayList<>();
    private final List<Timed> timed = new ArrayList<>();
    private final Step.Next first;
    private final PolicyPickers last;
    private final int subsetSize;

    /**
     * Puts the steps together.
     *
     * @param channel the channel's name, for the log
     * @param chance gives a number from 0 to below 1; thread-safe
     * @throws IllegalArgumentException if the policy is unknown, or its options are not for it
     */
    PickerChain(
            LbConfig config, ChannelPolicies policies, CallTracking tracking, String channel, DoubleSupplier chance) {
        this.subsetSize = config.subsetSize();
        tracking.policyIs(policies.get(config.policy(), config.options()).name());
        LongSupplier nanoTime = tracking.loads().nanoTime();
        if (config.outlierDetection() != null) {
            OutlierDetector detector =
                    new OutlierDetector(config.outlierDetection(), policies.ejections(), channel, nanoTime, chance);
            steps.add(new EjectionStep(detector, policies.ejections(), policies.state(), nanoTime));
        } else {
            policies.ejections().clear();
            policies.state().setEjected(Set.of());
        }
        if (!config.tags().isEmpty()) {
            steps.add(new TagStep(config.tags(), tracking, subsetSize, chance));
        }
        if (config.panicThreshold() > 0) {
            steps.add(new PanicStep(config.panicThreshold(), channel, policies.state()));
        } else {
            policies.state().setPanicking(Set.of());
        }
        if (config.zone() != null) {
            steps.add(new ZoneStep(config.zone(), subsetSize, chance));
        }
        timed.addAll(steps);
        PolicyPicker.PickerMaker maker = PolicyPicker.PickerMaker.PLAIN;
        if (config.slowStart() != null) {
            WarmUp warmUp = new WarmUp(config.slowStart(), policies.ejections(), nanoTime, chance);
            timed.add(warmUp);
            maker = warmUp;
        }
        last = new PolicyPickers(config, policies, new PolicyFailures(), tracking, maker);
        Step.Next next = last;
        for (int i = steps.size() - 1; i >= 0; i--) {
            Step step = steps.get(i);
            Step.Next after = next;
            next = pool -> step.picker(pool, after);
        }
        this.first = next;
    }

    /** Makes a picker. */
    SubchannelPicker picker(List<EndpointCandidate> known) {
        SubchannelPicker picker = first.picker(Pool.of(known));
        steps.forEach(Step::done);
        last.done();
        return picker;
    }

    /** Draws those that are to be connected to, of each part of the servers. */
    Set<EndpointChild> members(List<EndpointCandidate> known) {
        List<Pool> pools = List.of(Pool.of(known));
        for (Step step : steps) {
            List<Pool> parts = new ArrayList<>();
            pools.forEach(pool -> parts.addAll(step.parts(pool)));
            pools = parts;
        }
        Set<EndpointChild> members = new HashSet<>();
        for (Pool pool : pools) {
            for (EndpointCandidate candidate : Subset.draw(subsetSize, pool.known())) {
                SubsetPlace place = candidate.place();
                if (place != null) {
                    members.add(place.child());
                }
            }
        }
        return members;
    }

    /** Lets servers that are connected to for calls to their part only be known to be in use, if they are. */
    void passUseOn() {
        last.passUseOn();
    }

    /** Returns in how many nanoseconds time may have changed something, or {@link Timed#NEVER}. */
    long due() {
        return timed.stream().mapToLong(Timed::due).min().orElse(Timed.NEVER);
    }

    /** Lets time act, and says whether a picker that is made now is another one. */
    boolean elapse() {
        boolean changed = false;
        for (Timed each : timed) {
            changed |= each.elapse();
        }
        return changed;
    }
}
