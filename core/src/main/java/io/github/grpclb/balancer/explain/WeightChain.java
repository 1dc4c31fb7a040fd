package io.github.grpclb.balancer.explain;

import org.jspecify.annotations.Nullable;

/**
 * How a server's weight comes about: {@code registered, or override in its place, × slow start × reported = effective}. Immutable.
 *
 * @param registered what the registry says
 * @param override what operators have put in its place, or null
 * @param slowStart the part of it that a new server takes, above 0 and below 1; null where it is not new
 * @param reported the factor that follows from what the server reports of itself, or null
 * @param effective what results
 */
public record WeightChain(
        double registered,
        @Nullable Double override,
        @Nullable Double slowStart,
        @Nullable Double reported,
        double effective) {

    /** Multiplies. */
    public static WeightChain of(
            double registered, @Nullable Double override, @Nullable Double slowStart, @Nullable Double reported) {
        return new WeightChain(
                registered,
                override,
                slowStart,
                reported,
                (override == null ? registered : override) * orOne(slowStart) * orOne(reported));
    }

    private static double orOne(@Nullable Double factor) {
        return factor == null ? 1 : factor;
    }
}
