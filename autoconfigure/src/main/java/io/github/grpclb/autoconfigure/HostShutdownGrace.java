package io.github.grpclb.autoconfigure;

import java.time.Duration;

/**
 * How long a host waits for the calls of a server that it has shut down.
 *
 * @param property the host's property that sets it
 * @param time at most; negative: until they have ended
 */
public record HostShutdownGrace(String property, Duration time) {

    /** That of all hosts. */
    public static final Duration DEFAULT = Duration.ofSeconds(30);
}
