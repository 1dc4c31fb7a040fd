package io.github.grpclb.xds.load;

import com.google.common.math.LongMath;

/**
 * What servers reported of a metric with their answers (ORCA), added up. Immutable.
 *
 * @param calls how many answers came with it, not negative
 * @param sum of its values, in the metric's own unit; finite, and negative where the values are
 */
public record MetricSum(long calls, double sum) {

    MetricSum plus(MetricSum other) {
        double both = sum + other.sum;
        return new MetricSum(
                LongMath.saturatedAdd(calls, other.calls),
                Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, both))); // an infinity would never go away
    }
}
