package io.github.grpclb.etcd;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where and how long the last good lists are kept for a start while etcd is away. Immutable.
 *
 * @param directory is made, readable by this user alone, where there is none
 * @param maxAge how long a list may be used after etcd last confirmed it, from 1 minute to 30 days
 */
public record SnapshotOptions(Path directory, Duration maxAge) {

    /**
     * Checks.
     *
     * @throws IllegalArgumentException if something does not fit; the message names it, its value and what was expected
     */
    public SnapshotOptions {
        if (maxAge.compareTo(Duration.ofMinutes(1)) < 0 || maxAge.compareTo(Duration.ofDays(30)) > 0) {
            throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: 1m to 30d)");
        }
    }
}
