package io.github.grpclb.override;

/**
 * Hears which overrides act on this process. Called on the registry's own thread: count and return. What it throws is logged and ignored.
 */
public interface OverrideObserver {

    /** Hears nothing. */
    OverrideObserver NONE = new OverrideObserver() {};

    /** An override acts from now on; one of its name may have acted before. */
    default void begun(Override override) {}

    /**
     * An override acts no more, and none of its name does.
     *
     * @param byItself whether its time is over; otherwise it was taken back
     */
    default void ended(Override override, boolean byItself) {}
}
