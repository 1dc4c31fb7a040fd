package io.github.grpclb.policy.builtin;

/** Compares counts with what they should be. */
final class Shares {

    private Shares() {}

    /** Returns Pearson's χ² of counts against weights. */
    static double chiSquare(int[] counts, double... weights) {
        double sum = 0;
        int total = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += weights[i];
            total += counts[i];
        }
        double chiSquare = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = total * weights[i] / sum;
            chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        return chiSquare;
    }
}
