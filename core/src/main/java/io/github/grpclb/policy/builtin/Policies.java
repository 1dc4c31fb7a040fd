package io.github.grpclb.policy.builtin;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    private static final Set<String> EVEN = Set.of(RandomPolicy.NAME, RoundRobinPolicy.NAME);
    private static final Set<String> BY_WEIGHT = Set.of(WeightedRandomPolicy.NAME, WeightedRoundRobinPolicy.NAME);

    private Policies() {}

    /** Says whether the built-in policy of that name gives each server as many calls as the other. */
    public static boolean isEven(String policy) {
        return EVEN.contains(policy);
    }

    /** Says whether the built-in policy of that name looks at more than weights: at the servers' load, at what a call is about. */
    public static boolean looksFurther(String policy) {
        return BUILT_IN.containsKey(policy) && !EVEN.contains(policy) && !BY_WEIGHT.contains(policy);
    }

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
