package io.github.grpclb.balancer.dryrun;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;

/** Monotonic time in nanoseconds that passes when it is told to, and what is to be done in it. Not thread-safe. */
final class VirtualClock implements LongSupplier {

    private final PriorityQueue<Due> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Due::at).thenComparingLong(Due::order));
    private long now;
    private long order;

    private record Due(long at, long order, Runnable task) {}

    VirtualClock(long now) {
        this.now = now;
    }

    @Override
    public long getAsLong() {
        return now;
    }

    /** Lets time pass, and all that is due in it happen, each at its time. */
    void forward(long nanos) {
        long end = now + Math.max(0, nanos);
        for (Due next = tasks.peek(); next != null && next.at - end <= 0; next = tasks.peek()) {
            tasks.poll();
            now = next.at;
            next.task.run();
        }
        now = end;
    }

    /** Has something done at a time that is still to come; at once, if it is not. */
    void at(long nanoTime, Runnable task) {
        tasks.add(new Due(Math.max(nanoTime, now), order++, task));
    }
}
