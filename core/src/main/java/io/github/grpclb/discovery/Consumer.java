package io.github.grpclb.discovery;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A process that calls a service, as it says of itself. Immutable.
 *
 * @param service the service that it calls
 * @param application the application's name
 * @param version what it runs, or null
 * @param instance which of the application's processes it is, such as the name of its pod or its host
 * @param policy the policy by which it chooses servers, or null where it has never known one
 * @param servers how many servers it knows, from 0
 * @param startedAt when it started, milliseconds since the epoch; 0 where it does not say
 */
public record Consumer(
        String service,
        String application,
        @Nullable String version,
        String instance,
        @Nullable String policy,
        int servers,
        long startedAt) {

    /** The longest text that one may have. */
    public static final int LONGEST = 256;

    /**
     * Checks.
     *
     * @throws IllegalValueException if something is out of its range
     */
    public Consumer {
        if (!ServiceName.isValid(service)) {
            throw new IllegalValueException("service", LogText.of(service), ServiceName.EXPECTED);
        }
        requireText("application", application);
        requireText("instance", instance);
        requireShort("version", Objects.requireNonNullElse(version, ""));
        requireShort("policy", Objects.requireNonNullElse(policy, ""));
        if (servers < 0) {
            throw new IllegalValueException("servers", servers, "0 or more");
        }
    }

    private static void requireText(String name, String value) {
        requireShort(name, value);
        if (value.isBlank()) {
            throw new IllegalValueException(name, value, "a text that is not blank");
        }
    }

    private static void requireShort(String name, String value) {
        if (value.length() > LONGEST) {
            throw new IllegalValueException(name, LogText.of(value), "at most " + LONGEST + " characters");
        }
    }
}
