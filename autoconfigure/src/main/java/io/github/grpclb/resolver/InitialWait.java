package io.github.grpclb.resolver;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * How long the calls of a channel wait for a first server where the registry has answered that there is none: a server that starts
 * together with its clients, or in the same process, is registered a moment after them. The time is counted from when the channel
 * begins to look, anew after its idle mode, and anew when {@link #begin()} is called. Thread-safe.
 */
public final class InitialWait {

    /** Two seconds. */
    public static final Duration DEFAULT = Duration.ofSeconds(2);

    /** One hour. */
    public static final Duration LONGEST = Duration.ofHours(1);

    private final Duration time;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /**
     * Creates a wait.
     *
     * @param time 0 (calls fail at once) to {@link #LONGEST}
     * @throws IllegalArgumentException if it is out of its range
     */
    public InitialWait(Duration time) {
        if (time.isNegative() || time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("initialWait: " + time + " (expected: 0 to 1 h)");
        }
        this.time = time;
    }

    /** Has a channel that knows no server wait again from now on, such as when the application goes on after a pause. */
    public void begin() {
        listeners.forEach(Runnable::run);
    }

    Duration time() {
        return time;
    }

    void addListener(Runnable listener) {
        listeners.add(listener);
    }

    void removeListener(Runnable listener) {
        listeners.remove(listener);
    }
}
