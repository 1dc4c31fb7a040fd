package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Internal;

/**
 * Since when an endpoint has stood as it does, in nanoseconds of the monotonic clock.
 *
 * @param stateNanos since when its connection has been in its state: since the first of the attempts where these fail
 * @param suspectNanos since when it has been a suspect; of no meaning where it is none
 */
@Internal
public record Since(long stateNanos, long suspectNanos) {

    /** Where nobody looked at the clock. */
    public static final Since UNKNOWN = new Since(0, 0);
}
