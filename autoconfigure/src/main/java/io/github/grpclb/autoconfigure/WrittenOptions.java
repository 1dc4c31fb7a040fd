package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.RecordJson;
import io.github.grpclb.autoconfigure.properties.RelaxedNames;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The options of a user's own policies, as a client's properties and those of all clients say below {@code policy-options}. Which names
 * there are is the policies' knowledge: a policy is made, and what it asks for are its options. As with all properties, capitals and
 * signs of a name count nothing, so {@code maxInFlight} is also found as {@code max-in-flight}, and in an environment variable.
 */
@Internal
public final class WrittenOptions {

    private static final String BLOCK = "policy-options.";

    private final PolicyTable policies;
    private final String prefix;
    private final String prefixOfAll;
    private final SortedMap<String, Map<String, String>> own;
    private final SortedMap<String, Map<String, String>> all;

    /**
     * Creates them.
     *
     * @param prefix where the client's own properties stand
     * @param own by policy and option; null where none is set
     * @param prefixOfAll where those of all clients stand
     * @param all those of all clients
     */
    public WrittenOptions(
            PolicyTable policies,
            String prefix,
            @Nullable Map<String, Map<String, String>> own,
            String prefixOfAll,
            @Nullable Map<String, Map<String, String>> all) {
        this.policies = policies;
        this.prefix = prefix;
        this.prefixOfAll = prefixOfAll;
        this.own = relaxed(own);
        this.all = relaxed(all);
    }

    /**
     * Checks all options, also those of policies that are not in use.
     *
     * @param blocks the properties that hold the options of built-in policies, by policy
     * @throws InvalidPropertyException if one is not as its policy wants it, or no policy takes it
     */
    public void requireValid(Map<String, String> blocks) {
        requireOwnPolicies(own, prefix, blocks);
        requireOwnPolicies(all, prefixOfAll, blocks);
        policies.names().forEach(this::of);
    }

    /**
     * Returns the options of a policy, under the names that it asks for; a client's own go before those of all clients.
     *
     * @throws InvalidPropertyException if one is not as the policy wants it, or the policy does not take it
     */
    public Map<String, String> of(String policy) {
        SortedMap<String, String> written = relaxed(all.get(policy));
        written.putAll(relaxed(own.get(policy)));
        if (written.isEmpty()) {
            return Map.of();
        }
        ConfigFields fields = ConfigFields.of(written);
        make(policy, written, fields);
        Map<String, String> options = new TreeMap<>();
        for (String option : fields.asked()) {
            String value = written.remove(option);
            if (value != null) {
                options.put(option, value);
            }
        }
        if (!written.isEmpty()) {
            throw unknown(policy, written.firstKey(), written.get(written.firstKey()), fields);
        }
        return options;
    }

    /** Returns the full name of the property that an option comes from, or should come from. */
    String property(String policy, String option) {
        return written(own, policy, option)
                .map(prefix::concat)
                .or(() -> written(all, policy, option).map(prefixOfAll::concat))
                .orElseGet(() -> (own.containsKey(policy) ? prefix : prefixOfAll)
                        + BLOCK
                        + policy
                        + "."
                        + RecordJson.propertyName(option));
    }

    private void make(String policy, SortedMap<String, String> written, ConfigFields fields) {
        try {
            policies.create(policy, fields);
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, property(policy, e.name()));
        } catch (RuntimeException e) {
            throw new InvalidPropertyException(
                    (own.containsKey(policy) ? prefix : prefixOfAll) + BLOCK + policy,
                    written,
                    "options that the policy \"" + policy + "\" can be made with",
                    "Correct the options, or the policy's " + PolicyFactory.class.getSimpleName() + ".",
                    e);
        }
    }

    private void requireOwnPolicies(
            SortedMap<String, Map<String, String>> written, String at, Map<String, String> blocks) {
        written.forEach((policy, options) -> options.forEach((option, value) -> {
            String property = at + BLOCK + policy + "." + option;
            blocks.forEach((builtIn, block) -> {
                if (RelaxedNames.isSame(builtIn, policy)) {
                    throw new InvalidPropertyException(
                            property,
                            value,
                            "the options of " + builtIn + " below " + at + block,
                            "Set " + at + block + "." + RecordJson.propertyName(option) + " instead.");
                }
            });
            if (policies.names().stream().noneMatch(name -> RelaxedNames.isSame(name, policy))) {
                throw new InvalidPropertyException(
                        property,
                        value,
                        "an option of one of the policies " + String.join(", ", policies.names()),
                        "Correct the policy's name, or define a bean of type " + PolicyFactory.class.getName()
                                + " whose name() is \"" + policy + "\".");
            }
        }));
    }

    private InvalidPropertyException unknown(
            String policy, String option, @Nullable String value, ConfigFields fields) {
        String known = fields.asked().stream().map(RecordJson::propertyName).collect(Collectors.joining(", "));
        return new InvalidPropertyException(
                property(policy, option),
                value,
                known.isEmpty()
                        ? "no options: the policy " + policy + " takes none"
                        : "one of the options of the policy " + policy + ": " + known,
                "Correct the option's name, or remove the property.");
    }

    private static Optional<String> written(
            SortedMap<String, Map<String, String>> options, String policy, String option) {
        return options.entrySet().stream()
                .filter(each -> RelaxedNames.isSame(each.getKey(), policy))
                .flatMap(each -> each.getValue().keySet().stream()
                        .filter(name -> RelaxedNames.isSame(name, option))
                        .map(name -> BLOCK + each.getKey() + "." + name))
                .findFirst();
    }

    private static <V> SortedMap<String, V> relaxed(@Nullable Map<String, V> map) {
        SortedMap<String, V> relaxed = new TreeMap<>(RelaxedNames.ORDER);
        if (map != null) {
            relaxed.putAll(map);
        }
        return relaxed;
    }
}
