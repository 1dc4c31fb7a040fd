package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Internal;

/** Whether calls went over a connection lately. Thread-safe. */
@Internal
public final class ConnectionUse {

    private volatile boolean recent;

    public void mark() {
        // read first: all calls share the cache line
        if (!recent) {
            recent = true;
        }
    }

    /** Says whether it was marked since the last time. */
    public boolean take() {
        boolean was = recent;
        recent = false;
        return was;
    }
}
