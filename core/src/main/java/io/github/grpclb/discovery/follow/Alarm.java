package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;
import java.time.Duration;

/**
 * When a loop goes on. One task at most waits; the next one is set before it is dropped, so that a loop which sets its next step
 * before it does the present one goes on whatever that throws, and never twice at once. For the loop's thread.
 */
@Internal
public final class Alarm {

    private final RegistryLoop loop;
    private RegistryLoop.Timer timer = RegistryLoop.Timer.NONE;

    public Alarm(RegistryLoop loop) {
        this.loop = loop;
    }

    /** Sets what is done after a time, in place of what was to be done. */
    public void set(Duration delay, Runnable task) {
        RegistryLoop.Timer next = loop.after(delay, task);
        timer.cancel();
        timer = next;
    }

    /** Nothing is to be done. */
    public void cancel() {
        timer.cancel();
        timer = RegistryLoop.Timer.NONE;
    }
}
