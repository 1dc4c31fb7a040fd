package io.github.grpclb.balancer.pick;

import io.github.grpclb.discovery.Internal;

/**
 * Why a server is ejected, and for how long. Immutable.
 *
 * @param failures how many of its calls had failed
 * @param calls how many calls that had been
 * @param intervalNanos in which time
 * @param untilNanos until when it is left out, by the monotonic clock
 */
@Internal
public record Ejection(long failures, long calls, long intervalNanos, long untilNanos) {}
