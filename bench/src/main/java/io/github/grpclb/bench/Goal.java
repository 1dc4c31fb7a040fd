package io.github.grpclb.bench;

import java.util.Collection;
import java.util.OptionalDouble;

/**
 * An upper bound for what an operation costs.
 *
 * @param text how it reads
 * @param most the bound
 * @param value what is bounded
 */
record Goal(String text, double most, Value value) {

    /** Reads what is bounded from the results; empty where it cannot be told. */
    @FunctionalInterface
    interface Value {
        OptionalDouble of(Results results, String name, int size);
    }

    static Goal times(double most, String baseline) {
        return new Goal(
                "≤ " + Numbers.plain(most) + " × " + baseline,
                most,
                (results, name, size) -> results.ratio(name, baseline, size));
    }

    static Goal nanos(double most) {
        return new Goal(
                "≤ " + Numbers.plain(most) + " ns",
                most,
                (results, name, size) ->
                        OptionalDouble.of(results.get(name, size).nanos()));
    }

    /** A part of a byte is what JMH's own work comes to. */
    static Goal noBytes() {
        return new Goal(
                "0 B",
                0.5,
                (results, name, size) ->
                        OptionalDouble.of(results.get(name, size).bytes()));
    }

    /** Says whether it is met at each of the sizes, with the worst of them. */
    String verdict(Results results, String name, Collection<Integer> sizes) {
        double worst = Double.NEGATIVE_INFINITY;
        String where = "";
        for (int size : sizes) {
            OptionalDouble measured = value.of(results, name, size);
            if (measured.isPresent() && measured.getAsDouble() > worst) {
                worst = measured.getAsDouble();
                where = sizes.size() == 1 ? "" : ", n = " + Numbers.plain(size);
            }
        }
        return worst == Double.NEGATIVE_INFINITY ? text + " not measured" : verdict(text, worst, most, where);
    }

    /** Says whether a value keeps its upper bound, and else by how much it does not. */
    static String verdict(String text, double value, double most, String where) {
        if (value <= most) {
            String measured = Numbers.of(value);
            return "✓ " + text + (measured.equals("0") ? "" : " (" + measured + where + ")");
        }
        return "✗ " + text + " (" + Numbers.of(value) + where + ", missed by "
                + Numbers.of(Math.rint(100 * (value / most - 1))) + " %)";
    }
}
