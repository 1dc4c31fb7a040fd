package io.github.grpclb.policy.builtin;

import java.util.function.LongSupplier;

/** What the policies that draw servers make of random bits. */
final class Chance {

    private Chance() {}

    /** Returns a number from 0 to below {@code bound}, each as likely as the other. */
    static int below(int bound, long bits) {
        return (int) ((bits >>> 32) * bound >>> 32);
    }

    /**
     * Draws another position than the given one, in proportion to the weights where chance allows.
     *
     * @param size of the table, at least 2
     */
    static int another(int than, AliasTable table, int size, LongSupplier chance) {
        int other = table.at(chance.getAsLong());
        if (other != than) {
            return other;
        }
        other = than + 1 + below(size - 1, chance.getAsLong());
        return other < size ? other : other - size;
    }

    /** Says whether something happens that does so with that probability; never where it is 0 or less, surely where it is above 1. */
    static boolean happens(double probability, LongSupplier chance) {
        return probability > 0 && (probability >= 1 || (chance.getAsLong() >>> 11) * 0x1p-53 < probability);
    }
}
