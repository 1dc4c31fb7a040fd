package io.github.grpclb.policy.builtin;

/** Who owns which keys. Immutable. */
interface HashTable {

    /** Returns the owners, as positions in the list that it was made of, one for each slot; whoever must not modify it. */
    int[] owners();

    /** Returns the slot of a key. Where its owner cannot have the key, that of the next slot does, and so on around the table. */
    int slot(long hash);
}
