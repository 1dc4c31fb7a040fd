package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Internal;

/**
 * Since when an endpoint has stood as it does, in nanoseconds of the monotonic clock.
 *
 * @param stateNanos since when its connection has been in its state: since the first of the attempts where these fail
 * @param suspectNanos since when it has been a suspect; of no meaning where it is none
 * @param attempts how many attempts to connect have failed since it was ready last, each to all of its addresses
 * @param failureNanos when the last of them failed; of no meaning where there was none
 */
@Internal
public record Since(long stateNanos, long suspectNanos, int attempts, long failureNanos) {

    /** Where nobody looked at the clock. */
    public static final Since UNKNOWN = new Since(0, 0, 0, 0);

    private static final double FIRST_SECONDS = 1;
    private static final double FACTOR = 1.6;
    private static final double MOST_SECONDS = 120;
    private static final double JITTER = 0.2;

    /**
     * Returns when the next attempt begins at the latest, in nanoseconds of the monotonic clock. gRPC does not tell when it will; it
     * counts from the beginning of the attempt that failed (gRPC's {@code connection-backoff.md}).
     */
    public long nextAttemptNanos() {
        double seconds = Math.min(MOST_SECONDS, FIRST_SECONDS * Math.pow(FACTOR, Math.max(0, attempts - 1)));
        return failureNanos + Math.round(seconds * (1 + JITTER) * 1e9);
    }
}
