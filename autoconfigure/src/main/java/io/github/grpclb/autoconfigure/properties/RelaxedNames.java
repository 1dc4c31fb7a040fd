package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.Similar;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds client names among the keys of a bound map. Spring drops every character that is no letter, digit, dash or underscore
 * from a key that is not written in brackets, so {@code cluster@callee} arrives as {@code clustercallee}; and a key that comes from an
 * environment variable has neither dashes nor capitals: {@code GRPC_LB_CLIENTS_USERSERVICE_POLICY} means {@code user-service} and
 * {@code UserService} alike.
 */
@Internal
public final class RelaxedNames {

    /** Takes names that differ in capitals and signs alone for the same. */
    public static final Comparator<String> ORDER = Comparator.comparing(Similar::bare);

    private RelaxedNames() {}

    /**
     * Returns the key that means the given name: the name itself, else what Spring leaves of it, else the one that differs in
     * capitals and signs alone.
     *
     * @param prefix of the map's properties, ending in a dot
     * @throws InvalidPropertyException if two keys with different values may be meant
     */
    public static <V extends @Nullable Object> Optional<String> find(String prefix, Map<String, V> bound, String name) {
        if (bound.containsKey(name)) {
            return Optional.of(name);
        }
        String shortened = name.replaceAll("[^\\p{Alnum}_-]", "");
        if (bound.containsKey(shortened)) {
            return Optional.of(shortened);
        }
        List<String> meant = bound.keySet().stream()
                .filter(key -> isSame(key, name))
                .sorted()
                .toList();
        if (meant.stream().map(bound::get).distinct().count() > 1) {
            throw new InvalidPropertyException(
                    prefix + meant.get(0),
                    String.join(", ", meant),
                    "settings of the client \"" + name + "\" under one name",
                    "Write them under " + prefix + name + ", or under one of these names alone.");
        }
        return meant.stream().findFirst();
    }

    /** Says whether two names differ in capitals and signs alone. */
    public static boolean isSame(String one, String other) {
        String bare = Similar.bare(one);
        return !bare.isEmpty() && bare.equals(Similar.bare(other));
    }
}
