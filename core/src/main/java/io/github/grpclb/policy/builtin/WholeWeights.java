package io.github.grpclb.policy.builtin;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.Candidate;
import java.util.List;

/**
 * Weights as whole numbers without a common divisor. Whole weights keep their exact proportions; others, such as those of a slow
 * start, are rounded to a millionth of the largest, and none becomes 0.
 */
final class WholeWeights {

    private final long[] weights;
    private final long sum;

    private WholeWeights(long[] weights) {
        long divisor = 0;
        for (long weight : weights) {
            divisor = greatestCommonDivisor(weight, divisor);
        }
        long total = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= divisor;
            total += weights[i];
        }
        this.weights = weights;
        this.sum = total;
    }

    /**
     * Takes over the weights of candidates.
     *
     * @param candidates at least one, each with a weight above 0
     */
    static WholeWeights of(List<Candidate> candidates) {
        double largest = 0;
        boolean whole = true;
        for (Candidate candidate : candidates) {
            double weight = candidate.weight();
            largest = Math.max(largest, weight);
            whole &= weight == Math.rint(weight);
        }
        double scale = whole && largest <= Endpoint.MAX_WEIGHT ? 1 : Endpoint.MAX_WEIGHT / largest;
        long[] weights = new long[candidates.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.max(1, Math.round(candidates.get(i).weight() * scale));
        }
        return new WholeWeights(weights);
    }

    boolean areEqual() {
        return sum == weights.length;
    }

    int size() {
        return weights.length;
    }

    long at(int position) {
        return weights[position];
    }

    long sum() {
        return sum;
    }

    private static long greatestCommonDivisor(long a, long b) {
        while (b != 0) {
            long rest = a % b;
            a = b;
            b = rest;
        }
        return a;
    }
}
