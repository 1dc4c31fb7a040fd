package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;

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

    /** Returns what a package below refused, under the full name of the property that it came from. */
    public static InvalidPropertyException of(IllegalValueException refusal, String property) {
        return new InvalidPropertyException(property, refusal.value(), refusal.expected(), "Correct the property.");
    }

    /**
     * Returns a time that is in its range.
     *
     * @param expected the range, as the user is told it
     * @throws InvalidPropertyException if it is not
     */
    public static Duration requireWithin(
            Duration least, Duration most, Duration time, String property, String expected, String action) {
        if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
            throw new InvalidPropertyException(property, shown(time), expected, action);
        }
        return time;
    }

    /** Returns a time as Spring writes it, or as Java does where Spring cannot: beyond 292 million years of milliseconds. */
    public static String shown(Duration time) {
        try {
            return DurationStyle.SIMPLE.print(time);
        } catch (ArithmeticException e) {
            return time.toString();
        }
    }

    public String property() {
        return property;
    }

    @Nullable
    public String value() {
        return value;
    }

    public String expected() {
        return expected;
    }

    String action() {
        return action;
    }
}
