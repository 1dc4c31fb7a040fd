package io.github.grpclb.bench;

/** Something that picks a server for a call. */
@FunctionalInterface
interface Contender {

    /**
     * Picks a server. Thread-safe.
     *
     * @param turn the number of the call; those that look at calls take it for one of several keys
     * @return what was picked
     */
    Object pick(int turn);
}
