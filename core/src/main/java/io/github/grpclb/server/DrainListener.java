package io.github.grpclb.server;

/** Hears of drains that are asked for while the server goes on. Called on the thread that asks, one call at a time. */
@FunctionalInterface
public interface DrainListener {

    /**
     * The server begins to turn its clients away, or takes calls again. The stop of the server is not told.
     *
     * @param draining whether it begins
     */
    void draining(boolean draining);
}
