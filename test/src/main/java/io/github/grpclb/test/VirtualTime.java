package io.github.grpclb.test;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;

/**
 * Monotonic time in nanoseconds that passes when a test says so: for a policy that is given its clock, as a {@link LongSupplier}, by its
 * constructor. It does not begin at 0. Not thread-safe.
 *
 * <pre>{@code
 * VirtualTime time = new VirtualTime();
 * Policy policy = new FastestPolicy(time, new Random(7)::nextLong);
 * }</pre>
 */
public final class VirtualTime implements LongSupplier {

    private static final Comparator<Due> IN_TIME =
            Comparator.comparingLong(Due::at).thenComparingLong(Due::order);

    private final PriorityQueue<Due> tasks = new PriorityQueue<>(IN_TIME);
    private long now = Duration.ofHours(1).toNanos();
    private long order;

    private record Due(long at, long order, Runnable task) {}

    /** Returns the time now. */
    @Override
    public long getAsLong() {
        return now;
    }

    /**
     * Lets time pass, and all that is due in it happen, each at its time.
     *
     * @param time 0 or more
     */
    public void forward(Duration time) {
        long end = now + requireNotNegative("time", time);
        for (Due next = tasks.peek(); next != null && next.at <= end; next = tasks.peek()) {
            tasks.poll();
            now = next.at;
            next.task.run();
        }
        now = end;
    }

    /**
     * Has something done when some time has passed.
     *
     * @param delay 0 or more
     */
    public void after(Duration delay, Runnable task) {
        tasks.add(new Due(now + requireNotNegative("delay", delay), order++, task));
    }

    private static long requireNotNegative(String name, Duration time) {
        if (time.isNegative()) {
            throw new IllegalValueException(name, time, "0 or more");
        }
        return time.toNanos();
    }
}
