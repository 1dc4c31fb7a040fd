package io.github.grpclb.server;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;

/**
 * How a server leaves.
 *
 * @param quietPeriod how long no new call must have arrived before the server may stop, to 1 h; zero: it does not wait
 * @param timeout longest wait for that quiet, 0 to 1 h
 * @param streamGrace how long streams may go on after that, while the server still serves, before they are ended, 0 to 1 h
 * @param registryTimeout longest wait for each answer of the registry
 */
public record DrainOptions(Duration quietPeriod, Duration timeout, Duration streamGrace, Duration registryTimeout) {

    private static final Duration LONGEST = Duration.ofHours(1);

    /** Half a second of quiet, for which it waits 10 s; 10 s for streams; 3 s for the registry. */
    public static final DrainOptions DEFAULT = new DrainOptions(
            Duration.ofMillis(500), Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(3));

    /**
     * Checks the times.
     *
     * @throws IllegalValueException if one is out of its range
     */
    public DrainOptions {
        requireInRange("quietPeriod", quietPeriod);
        requireInRange("timeout", timeout);
        requireInRange("streamGrace", streamGrace);
    }

    private static void requireInRange(String name, Duration time) {
        if (time.isNegative() || time.compareTo(LONGEST) > 0) {
            throw new IllegalValueException(name, time, "0 to 1 h");
        }
    }
}
