package io.github.grpclb.discovery.snapshot;

import io.github.grpclb.discovery.IllegalValueException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where and how long the last good lists are kept for a start while the registry is away. Immutable.
 *
 * @param directory is made, readable by this user alone, where there is none
 * @param maxAge how long a list may be used after the registry last confirmed it, from 1 minute to 30 days
 */
public record SnapshotOptions(Path directory, Duration maxAge) {

    /**
     * Checks.
     *
     * @throws IllegalValueException if something does not fit
     */
    public SnapshotOptions {
        if (maxAge.compareTo(Duration.ofMinutes(1)) < 0 || maxAge.compareTo(Duration.ofDays(30)) > 0) {
            throw new IllegalValueException("maxAge", maxAge, "1m to 30d");
        }
    }
}
