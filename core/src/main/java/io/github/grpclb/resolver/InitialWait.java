package io.github.grpclb.resolver;

import io.github.grpclb.discovery.IllegalValueException;
import io.grpc.SynchronizationContext;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * How long the calls of a channel wait for a first server where the registry has answered that there is none: a server that starts
 * together with its clients, or in the same process, is registered a moment after them. The time is counted from the registry's first
 * answer to the channel, anew after its idle mode, and anew when {@link #begin()} is called. Thread-safe.
 */
public final class InitialWait {

    /** Two seconds. */
    public static final Duration DEFAULT = Duration.ofSeconds(2);

    /** One hour. */
    public static final Duration LONGEST = Duration.ofHours(1);

    private final Duration time;
    private final Map<Runnable, SynchronizationContext> listeners = new ConcurrentHashMap<>();

    /**
     * Creates a wait.
     *
     * @param time 0 (calls fail at once) to {@link #LONGEST}
     * @throws IllegalValueException if it is out of its range
     */
    public InitialWait(Duration time) {
        requireInRange(time);
        this.time = time;
    }

    /**
     * Checks a time.
     *
     * @throws IllegalValueException if it is not 0 to {@link #LONGEST}
     */
    public static void requireInRange(Duration time) {
        if (time.isNegative() || time.compareTo(LONGEST) > 0) {
            throw new IllegalValueException("initialWait", time, "0 to 1 h");
        }
    }

    /** Has the channels of this wait begin it again: {@link #begin(Collection)}. */
    public void begin() {
        begin(List.of(this));
    }

    /**
     * Has channels that know no server wait again from now on, such as when the application goes on after a pause. Returns when the
     * channels do, so that the calls after it are among those that wait; or after a second, should one be that busy. Not to be called in
     * a channel's synchronization context.
     */
    public static void begin(Collection<InitialWait> waits) {
        Map<Runnable, SynchronizationContext> now = new HashMap<>();
        waits.forEach(wait -> now.putAll(wait.listeners));
        CountDownLatch told = new CountDownLatch(now.size());
        now.forEach((listener, context) -> context.execute(() -> {
            listener.run();
            told.countDown();
        }));
        try {
            told.await(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Returns the time, in nanoseconds.
     *
     * @param knewServers whether one has been seen in it, and has gone again: it may be the state of before a pause that was told late,
     *     but not for long
     */
    long nanos(boolean knewServers) {
        return knewServers ? Math.min(time.toNanos(), DEFAULT.toNanos()) : time.toNanos();
    }

    void addListener(SynchronizationContext context, Runnable listener) {
        listeners.put(listener, context);
    }

    void removeListener(Runnable listener) {
        listeners.remove(listener);
    }
}
