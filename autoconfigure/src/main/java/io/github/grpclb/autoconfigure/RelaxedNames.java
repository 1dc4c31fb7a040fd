package io.github.grpclb.autoconfigure;

import java.util.Collection;
import java.util.Optional;

/**
 * Finds client names among the keys of a bound map. Spring drops every character that is no letter, digit, dash or underscore
 * from a key that is not written in brackets, so {@code cluster@callee} arrives as {@code clustercallee}.
 */
final class RelaxedNames {

    private RelaxedNames() {}

    /** Returns the key that means the given name: the name itself, or what Spring leaves of it. */
    static Optional<String> find(Collection<String> keys, String name) {
        if (keys.contains(name)) {
            return Optional.of(name);
        }
        String bound = name.replaceAll("[^\\p{Alnum}_-]", "");
        return keys.contains(bound) ? Optional.of(bound) : Optional.empty();
    }
}
