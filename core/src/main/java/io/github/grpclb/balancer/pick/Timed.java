package io.github.grpclb.balancer.pick;

/** Something that time changes. Confined to the synchronization context. */
interface Timed {

    /** A moment that does not come. */
    long NEVER = Long.MAX_VALUE;

    /** Returns in how many nanoseconds time may have changed something, or {@link #NEVER}. */
    default long due() {
        return NEVER;
    }

    /** Lets time act, and says whether a picker that is made now is another one. */
    default boolean elapse() {
        return false;
    }
}
