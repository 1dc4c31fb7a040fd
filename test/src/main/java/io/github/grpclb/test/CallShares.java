package io.github.grpclb.test;

import io.github.grpclb.discovery.IllegalValueException;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** How many calls each server got, to be compared with what it should have got. Immutable. */
public final class CallShares {

    /**
     * How seldom the shares of a right balancer may look wrong by chance: once in a million comparisons. A server that gets a share that is
     * wrong by a tenth is found within some thousand calls nevertheless.
     */
    public static final double SIGNIFICANCE = 1e-6;

    /** With fewer calls that a server is due, χ² is not distributed as it is taken to be. */
    private static final double LEAST_EXPECTED = 20;

    private final SortedMap<String, Long> observed = new TreeMap<>();
    private final long total;

    CallShares(Map<String, ? extends Number> byServer) {
        byServer.forEach((server, calls) -> observed.put(server, requireNotNegative("calls of " + server, calls)));
        this.total = observed.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Fails unless the calls are shared in proportion to weights, as far as chance allows: by Pearson's χ² test, with the significance
     * {@link #SIGNIFICANCE}. Shares that are more even than chance makes them, as when servers take turns, are right. A server of weight 0,
     * or one that is not named here, must have got no call.
     *
     * @param weights by server, 0 or more; only their proportion counts
     * @throws AssertionError if they are not; the message has a table of all servers
     * @throws IllegalValueException if no weight is above 0, or if there are too few calls: each server must be due 20 at least
     */
    public void areSharedAs(Map<String, ? extends Number> weights) {
        SortedMap<String, Double> expected = expected(weights);
        TreeSet<String> strangers = new TreeSet<>(observed.keySet());
        strangers.removeIf(server -> observed.getOrDefault(server, 0L) == 0 || expected.getOrDefault(server, 0.0) > 0);
        if (!strangers.isEmpty()) {
            throw new AssertionError(
                    "calls went to " + strangers + ", which should have got none" + table(weights, expected));
        }
        requireEnoughCalls(expected);
        double chiSquare = 0;
        int shares = 0;
        for (Map.Entry<String, Double> each : expected.entrySet()) {
            if (each.getValue() > 0) {
                double difference = observed.getOrDefault(each.getKey(), 0L) - each.getValue();
                chiSquare += difference * difference / each.getValue();
                shares++;
            }
        }
        double probability = shares == 1 ? 1 : ChiSquare.probabilityOfAtLeast(chiSquare, shares - 1);
        if (probability < SIGNIFICANCE) {
            throw new AssertionError(String.format(
                    Locale.ROOT,
                    "%d calls are not shared as the weights say: χ² = %.1f, which chance exceeds with a probability of %.1e"
                            + " (expected: at least %.0e)%s",
                    total,
                    chiSquare,
                    probability,
                    SIGNIFICANCE,
                    table(weights, expected)));
        }
    }

    /** Returns how many calls each server is due. */
    private SortedMap<String, Double> expected(Map<String, ? extends Number> weights) {
        double sum = 0;
        for (Map.Entry<String, ? extends Number> each : weights.entrySet()) {
            double weight = each.getValue().doubleValue();
            if (!(weight >= 0)) {
                throw new IllegalValueException("weight of " + each.getKey(), weight, "0 or more");
            }
            sum += weight;
        }
        if (sum == 0) {
            throw new IllegalValueException("weights", weights, "one above 0 at least");
        }
        SortedMap<String, Double> expected = new TreeMap<>();
        for (Map.Entry<String, ? extends Number> each : weights.entrySet()) {
            expected.put(each.getKey(), total * each.getValue().doubleValue() / sum);
        }
        return expected;
    }

    private void requireEnoughCalls(SortedMap<String, Double> expected) {
        double least = expected.values().stream()
                .filter(due -> due > 0)
                .mapToDouble(Double::doubleValue)
                .min()
                .orElse(0);
        if (least < LEAST_EXPECTED) {
            throw new IllegalValueException(
                    "calls",
                    total,
                    String.format(
                            Locale.ROOT,
                            "more, so that each server is due %.0f at least; the least is %.1f",
                            LEAST_EXPECTED,
                            least));
        }
    }

    private String table(Map<String, ? extends Number> weights, SortedMap<String, Double> expected) {
        TreeSet<String> servers = new TreeSet<>(observed.keySet());
        servers.addAll(weights.keySet());
        int width = Math.max(6, servers.stream().mapToInt(String::length).max().orElse(0));
        StringBuilder table = new StringBuilder();
        row(table, width, "server", "weight", "expected", "observed");
        for (String server : servers) {
            row(
                    table,
                    width,
                    server,
                    weights.containsKey(server) ? String.valueOf(weights.get(server)) : "-",
                    String.format(Locale.ROOT, "%.1f", expected.getOrDefault(server, 0.0)),
                    String.valueOf(observed.getOrDefault(server, 0L)));
        }
        return table.toString();
    }

    private static void row(StringBuilder table, int width, String... cells) {
        table.append(String.format("%n  %-" + width + "s  %8s  %10s  %10s", (Object[]) cells));
    }

    private static long requireNotNegative(String name, Number number) {
        if (number.longValue() < 0) {
            throw new IllegalValueException(name, number, "0 or more");
        }
        return number.longValue();
    }
}
