package io.github.grpclb.balancer.pick;

import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The policies that a channel has used, so that round robin goes on where it was. Thread-safe. */
final class ChannelPolicies {

    private final PolicyTable table;
    private final Map<Choice, Policy> made = new ConcurrentHashMap<>();

    ChannelPolicies(PolicyTable table) {
        this.table = table;
    }

    /**
     * Returns the policy for a part of the channel's servers, always the same. Each part has one of its own, or the turn of one would
     * move with the calls to another.
     *
     * @param pool the part's name; empty for all servers
     * @throws IllegalArgumentException if there is no such policy, or the options are not for it
     */
    Policy get(String name, Map<String, ?> options, String pool) {
        return made.computeIfAbsent(
                new Choice(name, new HashMap<>(options), pool), choice -> table.create(name, choice.options));
    }

    /** Forgets the policies of all other parts of the channel's servers. */
    void keepOnly(Set<String> pools) {
        made.keySet().removeIf(choice -> !choice.pool.isEmpty() && !pools.contains(choice.pool));
    }

    private record Choice(String name, Map<String, ?> options, String pool) {}
}
