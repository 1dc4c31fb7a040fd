package io.github.grpclb.policy;

import io.github.grpclb.discovery.IllegalValueException;
import java.util.Collection;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which policies there are, by name. Immutable. */
public final class PolicyTable {

    private final Map<String, PolicyFactory> factories;

    /**
     * Creates a table.
     *
     * @param builtIn those that are made anew for each channel, by name
     * @param own those that exist already and are shared by all channels; they take no options
     * @throws IllegalArgumentException if a name is taken twice
     */
    public PolicyTable(Map<String, PolicyFactory> builtIn, Collection<? extends Policy> own) {
        Map<String, PolicyFactory> all = new TreeMap<>(builtIn);
        for (Policy policy : own) {
            if (all.putIfAbsent(policy.name(), options -> policy) != null) {
                throw new IllegalValueException(
                        "policy",
                        policy.name(),
                        "for " + policy.getClass().getName() + " a name that is not taken, as these are: "
                                + all.keySet());
            }
        }
        this.factories = all;
    }

    /** Returns the names of all policies, in alphabetical order. */
    public SortedSet<String> names() {
        return new TreeSet<>(factories.keySet());
    }

    /**
     * Makes a policy, or returns the one that is shared.
     *
     * @throws IllegalValueException if there is no policy of that name, or the options are not for it; the message names
     *     what was given and what was expected
     */
    public Policy create(String name, Map<String, ?> options) {
        PolicyFactory factory = factories.get(name);
        if (factory == null) {
            throw new IllegalValueException("policy", name, "one of " + factories.keySet());
        }
        return factory.create(options);
    }
}
