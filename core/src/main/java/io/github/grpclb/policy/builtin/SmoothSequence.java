package io.github.grpclb.policy.builtin;

/**
 * The order of nginx's smooth weighted round robin over one period, in which each position comes exactly as often as its weight
 * says and never in a clump: 5, 1, 1 gives a a b a c a a (nginx commit 52327e0627f4).
 */
final class SmoothSequence {

    private SmoothSequence() {}

    /**
     * Works the order out, in {@code size × sum} steps.
     *
     * @return as many positions as the weights' sum
     */
    static int[] of(WholeWeights weights) {
        int n = weights.size();
        long sum = weights.sum();
        long[] current = new long[n];
        int[] order = new int[Math.toIntExact(sum)];
        for (int turn = 0; turn < order.length; turn++) {
            int best = 0;
            for (int i = 0; i < n; i++) {
                current[i] += weights.at(i);
                if (current[i] > current[best]) {
                    best = i;
                }
            }
            current[best] -= sum;
            order[turn] = best;
        }
        return order;
    }
}
