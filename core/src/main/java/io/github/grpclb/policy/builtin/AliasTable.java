package io.github.grpclb.policy.builtin;

/**
 * Draws positions in proportion to whole weights, in constant time: every slot is shared by at most two of them. Immutable.
 *
 * <p>Michael D. Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE Transactions on Software
 * Engineering 17 (1991), here in whole numbers, so that nothing is lost to rounding.
 */
final class AliasTable {

    /** A slot's own part, out of {@link #sum}; the rest is its alias's. */
    private final long[] own;

    private final int[] alias;
    private final long sum;

    private AliasTable(long[] own, int[] alias, long sum) {
        this.own = own;
        this.alias = alias;
        this.sum = sum;
    }

    /** Builds the table in one pass. */
    static AliasTable of(WholeWeights weights) {
        int n = weights.size();
        long sum = weights.sum();
        long[] own = new long[n];
        int[] alias = new int[n];
        // positions that fill less than a slot grow from the left, the others from the right
        int[] open = new int[n];
        int small = 0;
        int large = n;
        for (int i = 0; i < n; i++) {
            own[i] = weights.at(i) * n;
            alias[i] = i;
            if (own[i] < sum) {
                open[small++] = i;
            } else {
                open[--large] = i;
            }
        }
        while (small > 0) {
            int poor = open[--small];
            int rich = open[large];
            alias[poor] = rich;
            own[rich] -= sum - own[poor];
            if (own[rich] < sum) {
                large++;
                open[small++] = rich;
            }
        }
        return new AliasTable(own, alias, sum);
    }

    /** Returns the position that random bits stand for. */
    int at(long bits) {
        int slot = (int) ((bits >>> 32) * own.length >>> 32);
        // the other 32 bits, as a fraction of the sum
        long share = Math.multiplyHigh((bits & 0xFFFF_FFFFL) << 31, sum << 1);
        // all ones where the share is the slot's own: a branch on it could not be predicted, and would cost more than
        // the rest
        int isOwn = (int) (share - own[slot] >> 63);
        int other = alias[slot];
        return other ^ (other ^ slot) & isOwn;
    }

    /**
     * Returns the position of a turn. Slots come one after the other, and each divides its turns between the two that share it as
     * evenly as can be. So the shares are exact after {@code size × sum} turns, and before that off by less than one turn a slot.
     * The products stay below 2^32 times the largest weight.
     *
     * @param turn counts up; as an unsigned number
     */
    int atTurn(int turn) {
        int slot = Integer.remainderUnsigned(turn, own.length);
        long round = Integer.divideUnsigned(turn, own.length);
        long before = round * own[slot] / sum;
        long after = (round + 1) * own[slot] / sum;
        return before < after ? slot : alias[slot];
    }
}
