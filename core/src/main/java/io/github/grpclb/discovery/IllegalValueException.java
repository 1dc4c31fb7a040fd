package io.github.grpclb.discovery;

import org.jspecify.annotations.Nullable;

/**
 * A value that is not what it must be. The message says {@code name: value (expected: …)}, a text in single quotes. Whoever knows under
 * which name the user wrote the value says so with {@link #named} or {@link #below}. A secret must be masked before it comes here.
 */
public final class IllegalValueException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    private final String name;
    private final @Nullable String value;
    private final boolean isText;
    private final String expected;

    /**
     * Creates the exception.
     *
     * @param name what has the value, such as {@code port}, or a path such as {@code tags[0].key}
     * @param value without secrets, fit for a log line; null where there is none
     * @param expected what would have been right
     */
    public IllegalValueException(String name, @Nullable Object value, String expected) {
        this(name, value, expected, null);
    }

    /**
     * Creates the exception.
     *
     * @param cause what was thrown below, or null
     */
    public IllegalValueException(String name, @Nullable Object value, String expected, @Nullable Throwable cause) {
        this(name, value == null ? null : value.toString(), value instanceof CharSequence, expected, cause);
    }

    private IllegalValueException(
            String name, @Nullable String value, boolean isText, String expected, @Nullable Throwable cause) {
        super(name + ": " + (isText ? "'" + value + "'" : value) + " (expected: " + expected + ")", cause);
        this.name = name;
        this.value = value;
        this.isText = isText;
        this.expected = expected;
    }

    /** Returns what has the value. */
    public String name() {
        return name;
    }

    /** Returns the value as text, without quotes; null where there is none. */
    public @Nullable String value() {
        return value;
    }

    /** Returns what would have been right. */
    public String expected() {
        return expected;
    }

    /** Returns the same under another name, with this as its cause. */
    public IllegalValueException named(String other) {
        return new IllegalValueException(other, value, isText, expected, this);
    }

    /**
     * Returns the same for a value of something larger, with this as its cause.
     *
     * @param prefix goes before the name, with its separator: {@code options.}
     */
    public IllegalValueException below(String prefix) {
        return named(prefix + name);
    }
}
