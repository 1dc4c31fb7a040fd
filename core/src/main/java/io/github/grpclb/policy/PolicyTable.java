package io.github.grpclb.policy;

import io.github.grpclb.discovery.IllegalValueException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Which policies there are, by name. Immutable. */
public final class PolicyTable {

    private final Map<String, Function<ConfigFields, Policy>> makers;
    private final Set<String> shared;

    /**
     * Creates a table.
     *
     * @param builtIn those that come with the balancer, by name
     * @param shared those that exist already and are shared by all channels; they take no options
     * @param factories of those that are made for each channel
     * @throws IllegalValueException if a name is taken twice
     */
    public PolicyTable(
            Map<String, Function<ConfigFields, Policy>> builtIn,
            Collection<? extends Policy> shared,
            Collection<? extends PolicyFactory> factories) {
        Map<String, Function<ConfigFields, Policy>> all = new TreeMap<>(builtIn);
        Map<String, String> owners = new TreeMap<>();
        builtIn.keySet().forEach(name -> owners.put(name, "a built-in policy"));
        for (Policy policy : shared) {
            take(policy.name(), policy, owners);
            all.put(policy.name(), options -> policy);
        }
        for (PolicyFactory factory : factories) {
            take(factory.name(), factory, owners);
            all.put(factory.name(), factory::create);
        }
        this.makers = all;
        this.shared = shared.stream().map(Policy::name).collect(Collectors.toUnmodifiableSet());
    }

    private static void take(String name, Object owner, Map<String, String> owners) {
        String taken = owners.putIfAbsent(name, owner.getClass().getName());
        if (taken != null) {
            throw new IllegalValueException(
                    "policy", name, "another name for " + owner.getClass().getName() + ": " + taken + " has this one");
        }
    }

    /** Returns the names of all policies, in alphabetical order. */
    public SortedSet<String> names() {
        return new TreeSet<>(makers.keySet());
    }

    /** Says whether a policy is one object for all channels: what picks with it changes what others get. */
    public boolean isShared(String name) {
        return shared.contains(name);
    }

    /**
     * Makes a policy, or returns the one that is shared.
     *
     * @param options by name, in gRPC's JSON form
     * @throws IllegalValueException if there is no policy of that name, or the options are not for it; the message names
     *     what was given and what was expected
     */
    public Policy create(String name, Map<String, ?> options) {
        ConfigFields fields = ConfigFields.of(options);
        Policy policy = create(name, fields);
        fields.requireNoOthers();
        return policy;
    }

    /**
     * Does the same, and leaves it to the caller to look for options that were {@linkplain ConfigFields#asked() not asked for}.
     *
     * @throws IllegalValueException as above
     */
    public Policy create(String name, ConfigFields options) {
        Function<ConfigFields, Policy> maker = makers.get(name);
        if (maker == null) {
            throw new IllegalValueException("policy", name, "one of " + makers.keySet());
        }
        return maker.apply(options);
    }
}
