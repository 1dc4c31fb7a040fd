package io.github.grpclb.policy.builtin;

import org.jspecify.annotations.Nullable;

/** A table whose every slot leads to a server that is ready. Immutable. */
final class ReadyOwners {

    private final HashTable table;
    private final int[] owners;

    private ReadyOwners(HashTable table, int[] owners) {
        this.table = table;
        this.owners = owners;
    }

    /**
     * Gives the slots of those that are not ready to the owner of the next slot.
     *
     * @param owners by slot, as positions of known servers
     * @param readyPositions for each known server its position in the list of those that are ready; below 0 where it is not there
     * @return null where no owner is ready
     */
    static @Nullable ReadyOwners of(HashTable table, int[] owners, int[] readyPositions) {
        int[] present = new int[owners.length];
        int next = -1;
        // the second time around ends what the first left open before the first slot with an owner that is ready
        for (int i = 2 * owners.length - 1; i >= 0; i--) {
            int slot = i < owners.length ? i : i - owners.length;
            int position = readyPositions[owners[slot]];
            next = position < 0 ? next : position;
            present[slot] = next;
        }
        return next < 0 ? null : new ReadyOwners(table, present);
    }

    int slot(long hash) {
        return table.slot(hash);
    }

    int slots() {
        return owners.length;
    }

    /** Returns the position in the ready list of the server to which a slot leads. */
    int at(int slot) {
        return owners[slot];
    }
}
