package io.github.grpclb.actuate;

import io.github.grpclb.discovery.IllegalValueException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of an {@link Action}: texts by name, from the members of the JSON in the body, or from the query. An action takes what it
 * knows, and ignores the rest. Immutable.
 *
 * @param values those that were said
 */
public record ActionRequest(Map<String, String> values) {

    /** Says nothing. */
    public static final ActionRequest EMPTY = new ActionRequest(Map.of());

    public ActionRequest {
        values = Map.copyOf(values);
    }

    /** Returns a value without the space around it; null where it was not said, or is blank. */
    public @Nullable String get(String name) {
        String value = values.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    /**
     * Returns a value as {@link #get} does, of a name that is not to be said in vain.
     *
     * @param expected what it has to be, as a person is told it
     * @throws IllegalValueException if it is blank
     */
    public @Nullable String getUnlessBlank(String name, String expected) {
        String value = get(name);
        if (value == null && values.containsKey(name)) {
            throw new IllegalValueException(name, values.get(name), expected);
        }
        return value;
    }

    /**
     * Returns a value.
     *
     * @param expected what it has to be, as a person is told it
     * @throws IllegalValueException if it was not said
     */
    public String require(String name, String expected) {
        String value = get(name);
        if (value == null) {
            throw new IllegalValueException(name, null, expected);
        }
        return value;
    }
}
