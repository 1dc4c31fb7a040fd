package io.github.grpclb.policy.builtin;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The table of the built-in policies: a new one is a class of its own and a line here. */
public final class Policies {

    /** The name of the policy that picks where none is configured. */
    public static final String DEFAULT = RoundRobinPolicy.NAME;

    private static final Map<String, Function<ConfigFields, Policy>> BUILT_IN = Map.of(
            ConsistentHashPolicy.NAME, ConsistentHashPolicy::new,
            LeastRequestPolicy.NAME, LeastRequestPolicy::new,
            PeakEwmaPolicy.NAME, PeakEwmaPolicy::new,
            PickFirstPolicy.NAME, options -> new PickFirstPolicy(),
            RandomPolicy.NAME, options -> new RandomPolicy(),
            RoundRobinPolicy.NAME, options -> new RoundRobinPolicy(),
            WeightedRandomPolicy.NAME, options -> new WeightedRandomPolicy(),
            WeightedRoundRobinPolicy.NAME, options -> new WeightedRoundRobinPolicy());

    private Policies() {}

    /**
     * Returns the built-in policies and a user's own that all channels share.
     *
     * @throws IllegalValueException if one of them has the name of another or of a built-in one
     */
    public static PolicyTable with(Collection<? extends Policy> shared) {
        return with(shared, List.of());
    }

    /**
     * Returns the built-in policies and a user's own.
     *
     * @param shared those that all channels share
     * @param factories of those that each channel has for itself
     * @throws IllegalValueException if one of them has the name of another or of a built-in one
     */
    public static PolicyTable with(Collection<? extends Policy> shared, Collection<? extends PolicyFactory> factories) {
        return new PolicyTable(BUILT_IN, shared, factories);
    }
}
