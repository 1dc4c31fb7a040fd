package io.github.grpclb.balancer.config;

import io.github.grpclb.policy.ConfigFields;
import java.time.Duration;

/**
 * Slow start: a new server ramps up to its share of calls, by {@code max(minWeightPercent, (age / window) ^ (1 /
 * aggression))} of it, as in Envoy.
 *
 * <pre>{@code
 * "slowStart": {"window": "30s", "aggression": 1.0, "minWeightPercent": 10}
 * }</pre>
 *
 * @param window how long it is new; at least 1 ms
 * @param aggression 1 for a straight line; above 1 it takes more at first, below 1 less; 0.1 to 10
 * @param minWeightPercent what it takes at least, 1 to 100
 */
public record SlowStart(Duration window, double aggression, double minWeightPercent) {

    static SlowStart parse(ConfigFields fields) {
        return new SlowStart(
                fields.duration("window", Duration.ofSeconds(30), Duration.ofMillis(1)),
                fields.number("aggression", 1, 0.1, 10),
                fields.number("minWeightPercent", 10, 1, 100));
    }

    /** Returns the share, above 0 and up to 1, that a server of that age has of what it will have. */
    public double shareAt(long ageNanos) {
        double part = Math.min(1, Math.max(0, (double) ageNanos / window.toNanos()));
        return Math.max(minWeightPercent / 100, Math.pow(part, 1 / aggression));
    }
}
