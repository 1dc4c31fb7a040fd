package io.github.grpclb.bench;

import java.util.Collection;
import java.util.OptionalDouble;

/**
 * An upper bound for what an operation costs.
 *
 * @param text how it reads
 * @param use how much of the bound is used: above 1 it is missed; empty where it cannot be told
 */
record Goal(String text, Use use) {

    /** Tells how much of a bound is used. */
    @FunctionalInterface
    interface Use {
        OptionalDouble of(Results results, String name, int size);
    }

    static Goal times(double most, String baseline) {
        return new Goal("≤ " + Numbers.of(most) + " × " + baseline, (results, name, size) -> {
            OptionalDouble ratio = results.ratio(name, baseline, size);
            return ratio.isEmpty() ? ratio : OptionalDouble.of(ratio.getAsDouble() / most);
        });
    }

    static Goal nanos(double most) {
        return new Goal(
                "≤ " + Numbers.of(most) + " ns",
                (results, name, size) ->
                        OptionalDouble.of(results.get(name, size).nanos() / most));
    }

    /** Half a byte is what JMH's own work comes to. */
    static Goal noBytes() {
        return new Goal(
                "0 B",
                (results, name, size) ->
                        OptionalDouble.of(results.get(name, size).bytes() < 0.5 ? 0 : Double.POSITIVE_INFINITY));
    }

    /** Says whether it is met at each of the sizes. */
    String verdict(Results results, String name, Collection<Integer> sizes) {
        double worst = -1;
        int worstSize = 0;
        for (int size : sizes) {
            double used = use.of(results, name, size).orElse(-1);
            if (used > worst) {
                worst = used;
                worstSize = size;
            }
        }
        return worst < 0 ? "–" : verdict(worst) + (worst > 1 ? " at n = " + Numbers.of(worstSize) : "");
    }

    /** Says whether a bound is kept of which so much is used. */
    static String verdict(double used) {
        if (used <= 1) {
            return "met";
        }
        if (Double.isInfinite(used)) {
            return "missed";
        }
        return used < 2
                ? "missed by " + Math.max(1, Math.round(100 * (used - 1))) + " %"
                : "missed, " + Numbers.of(used) + " × the goal";
    }
}
