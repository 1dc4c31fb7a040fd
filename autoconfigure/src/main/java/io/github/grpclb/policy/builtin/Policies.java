package io.github.grpclb.policy.builtin;

import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import java.util.Collection;
import java.util.Map;
import java.util.function.Supplier;

/** The table of the built-in policies: a new one is a class of its own and a line here. */
public final class Policies {

    /** The name of the policy that picks where none is configured. */
    public static final String DEFAULT = RoundRobinPolicy.NAME;

    private static final Map<String, PolicyFactory> BUILT_IN = Map.of(
            ConsistentHashPolicy.NAME, ConsistentHashPolicy::new,
            LeastRequestPolicy.NAME, LeastRequestPolicy::new,
            PeakEwmaPolicy.NAME, PeakEwmaPolicy::new,
            PickFirstPolicy.NAME, withoutOptions(PickFirstPolicy::new),
            RandomPolicy.NAME, withoutOptions(RandomPolicy::new),
            RoundRobinPolicy.NAME, withoutOptions(RoundRobinPolicy::new),
            WeightedRandomPolicy.NAME, withoutOptions(WeightedRandomPolicy::new),
            WeightedRoundRobinPolicy.NAME, withoutOptions(WeightedRoundRobinPolicy::new));

    private Policies() {}

    private static PolicyFactory withoutOptions(Supplier<Policy> policy) {
        return options -> {
            ConfigFields.of(options).requireNoOthers();
            return policy.get();
        };
    }

    /**
     * Returns the built-in policies and a user's own.
     *
     * @param own the user's own policies, which all channels share
     * @throws IllegalArgumentException if one of them has the name of another or of a built-in one
     */
    public static PolicyTable with(Collection<? extends Policy> own) {
        return new PolicyTable(BUILT_IN, own);
    }
}
