package io.github.grpclb.balancer.pick;

import io.github.grpclb.policy.CopyablePolicy;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The policies that a channel has used, so that round robin goes on where it was. Thread-safe. */
final class ChannelPolicies {

    private final PolicyTable table;
    private final @Nullable LongSupplier chance;
    private final Map<Choice, Policy> made = new ConcurrentHashMap<>();

    ChannelPolicies(PolicyTable table) {
        this(table, null);
    }

    /**
     * Creates an empty set of policies.
     *
     * @param chance what the policies draw by where they can be told; null for their own
     */
    private ChannelPolicies(PolicyTable table, @Nullable LongSupplier chance) {
        this.table = table;
        this.chance = chance;
    }

    /**
     * Returns policies that pick as these would, and share nothing with them that changes. Those that cannot be copied are made anew.
     * Called where pickers are made.
     */
    ChannelPolicies copy(LongSupplier otherChance) {
        ChannelPolicies copy = new ChannelPolicies(table, otherChance);
        made.forEach((choice, policy) -> {
            if (policy instanceof CopyablePolicy copyable) {
                copy.made.put(choice, copyable.copy(otherChance));
            }
        });
        return copy;
    }

    PolicyTable table() {
        return table;
    }

    /**
     * Returns the policy for a part of the channel's servers, always the same. Each part has one of its own, or the turn of one would
     * move with the calls to another.
     *
     * @param pool the part's name; empty for all servers
     * @throws IllegalArgumentException if there is no such policy, or the options are not for it
     */
    Policy get(String name, Map<String, ?> options, String pool) {
        return made.computeIfAbsent(new Choice(name, new HashMap<>(options), pool), this::create);
    }

    private Policy create(Choice choice) {
        Policy policy = table.create(choice.name, choice.options);
        return chance != null && policy instanceof CopyablePolicy copyable ? copyable.copy(chance) : policy;
    }

    /** Forgets the policies of all other parts of the channel's servers. */
    void keepOnly(Set<String> pools) {
        made.keySet().removeIf(choice -> !choice.pool.isEmpty() && !pools.contains(choice.pool));
    }

    private record Choice(String name, Map<String, ?> options, String pool) {}
}
