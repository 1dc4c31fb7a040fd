package io.github.grpclb.balancer;

/** Whether calls went over a connection lately. Thread-safe. */
final class ConnectionUse {

    private volatile boolean recent;

    void mark() {
        // read first: all calls share the cache line
        if (!recent) {
            recent = true;
        }
    }

    /** Says whether it was marked since the last time. */
    boolean take() {
        boolean was = recent;
        recent = false;
        return was;
    }
}
