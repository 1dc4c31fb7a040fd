package io.github.grpclb.autoconfigure;

import org.jspecify.annotations.Nullable;

/** A property that keeps the application from starting. Shown to the user by {@link InvalidPropertyFailureAnalyzer}. */
public final class InvalidPropertyException extends RuntimeException {

    private final String property;
    private final @Nullable String value;
    private final String expected;
    private final String action;

    /**
     * Creates the exception.
     *
     * @param property the property's full name
     * @param value its value, without secrets; null when it is not set
     * @param expected what would have been right
     * @param action what to do
     */
    public InvalidPropertyException(String property, @Nullable Object value, String expected, String action) {
        this(property, value, expected, action, null);
    }

    public InvalidPropertyException(
            String property, @Nullable Object value, String expected, String action, @Nullable Throwable cause) {
        super(property + ": " + value + " (expected: " + expected + ")", cause);
        this.property = property;
        this.value = value == null ? null : value.toString();
        this.expected = expected;
        this.action = action;
    }

    String property() {
        return property;
    }

    @Nullable
    String value() {
        return value;
    }

    String expected() {
        return expected;
    }

    String action() {
        return action;
    }
}
