package io.github.grpclb.balancer;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The policies that a channel may use, and those that it has used. It belongs to one channel and outlives the pickers, the
 * balancer and the channel's idle times, so that round robin goes on where it was. Thread-safe.
 */
public final class ChannelPolicies {

    private final Map<String, PolicyFactory> factories;
    private final Map<Choice, Policy> made = new ConcurrentHashMap<>();
    private final ChannelState state = new ChannelState();
    private final long seed = ThreadLocalRandom.current().nextLong();
    private final EjectionHistory ejections = new EjectionHistory();

    /**
     * Creates the policies of a channel.
     *
     * @param builtIn those that are made anew for the channel, by name
     * @param own those that exist already and may be shared with other channels; they take no options
     * @throws IllegalArgumentException if a name is taken twice
     */
    public ChannelPolicies(Map<String, PolicyFactory> builtIn, Collection<? extends Policy> own) {
        Map<String, PolicyFactory> all = new TreeMap<>(builtIn);
        for (Policy policy : own) {
            if (all.putIfAbsent(policy.name(), options -> policy) != null) {
                throw new IllegalArgumentException("policy: the name '" + policy.name() + "' of "
                        + policy.getClass().getName() + " is taken (expected: another than " + all.keySet() + ")");
            }
        }
        this.factories = all;
    }

    /** Returns the names of all policies, in alphabetical order. */
    public SortedSet<String> names() {
        return new TreeSet<>(factories.keySet());
    }

    /**
     * Returns the channel's policy of that name and with those options, always the same.
     *
     * @throws IllegalArgumentException if there is no policy of that name, or the options are not for it; the message names
     *     what was given and what was expected
     */
    public Policy get(String name, Map<String, ?> options) {
        return get(name, options, "");
    }

    /** Returns what the channel's balancer does with its servers. */
    public ChannelState state() {
        return state;
    }

    /** Returns what the channel draws its subset of the servers by. */
    long seed() {
        return seed;
    }

    /** Returns what is known of servers that failed; confined to the channel's synchronization context. */
    EjectionHistory ejections() {
        return ejections;
    }

    /**
     * Returns the policy for a part of the channel's servers, always the same. Each part has one of its own, or the turn of one would
     * move with the calls to another.
     */
    Policy get(String name, Map<String, ?> options, String pool) {
        PolicyFactory factory = factories.get(name);
        if (factory == null) {
            throw new IllegalArgumentException("policy: '" + name + "' (expected: one of " + factories.keySet() + ")");
        }
        return made.computeIfAbsent(
                new Choice(name, new HashMap<>(options), pool), choice -> factory.create(choice.options));
    }

    /** Forgets the policies of all other parts of the channel's servers. */
    void keepOnly(Set<String> pools) {
        made.keySet().removeIf(choice -> !choice.pool.isEmpty() && !pools.contains(choice.pool));
    }

    private record Choice(String name, Map<String, ?> options, String pool) {}
}
