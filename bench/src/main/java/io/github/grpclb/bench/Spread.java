package io.github.grpclb.bench;

import java.util.List;

/**
 * The mean of some measurements and how sure it is.
 *
 * @param mean the mean
 * @param error the mean is within this of the true one with about 95 %
 */
record Spread(double mean, double error) {

    static Spread of(List<Double> values) {
        double mean = values.stream().mapToDouble(value -> value).average().orElse(0);
        double squares = values.stream()
                .mapToDouble(value -> (value - mean) * (value - mean))
                .sum();
        return new Spread(mean, 2 * Math.sqrt(squares / Math.max(1, values.size() - 1) / values.size()));
    }

    @Override
    public String toString() {
        return Numbers.of(mean) + " ± " + Numbers.of(error);
    }
}
