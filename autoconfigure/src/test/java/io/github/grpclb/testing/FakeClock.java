package io.github.grpclb.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Time that passes when a test says so, and an executor that runs what is due then, in its order, on the test's thread. A {@link
 * #process} is a part of it that can be killed or frozen. Not thread-safe.
 */
public final class FakeClock extends AbstractExecutorService implements ScheduledExecutorService {

    private static final int MAX_TASKS_PER_INSTANT = 100_000;

    private final PriorityQueue<Task<?>> tasks = new PriorityQueue<>(
            Comparator.<Task<?>>comparingLong(task -> task.due).thenComparingLong(task -> task.order));
    private final List<Task<?>> held = new ArrayList<>();
    private final FakeClock clock;
    private long now;
    private long order;
    private boolean shutdown;
    private boolean frozen;
    private boolean running;

    public FakeClock() {
        this.clock = this;
    }

    private FakeClock(FakeClock clock) {
        this.clock = clock;
    }

    public long nanoTime() {
        return clock.now;
    }

    /** Whether a task is being run, so that nothing is called by the test itself. */
    public boolean isRunning() {
        return clock.running;
    }

    /** Returns an executor with the same time whose tasks can be stopped apart from all others. */
    public FakeClock process() {
        return new FakeClock(clock);
    }

    /** As by SIGKILL: no task of this process runs any more. */
    public void kill() {
        shutdown = true;
        clock.tasks.removeIf(task -> task.owner() == this);
        held.clear();
    }

    /** As by SIGSTOP, and SIGCONT: what falls due meanwhile is done afterwards. */
    public void freeze(boolean stop) {
        frozen = stop;
        if (!stop) {
            clock.tasks.addAll(held);
            held.clear();
        }
    }

    /** Lets time pass, and all that is due in it happen. */
    public void forward(Duration time) {
        long end = now + time.toNanos();
        int atOnce = 0;
        for (Task<?> next = tasks.peek(); next != null && next.due <= end; next = tasks.peek()) {
            tasks.poll();
            atOnce = next.due > now ? 0 : atOnce + 1;
            if (atOnce > MAX_TASKS_PER_INSTANT) {
                throw new AssertionError("An endless loop at " + Duration.ofNanos(now));
            }
            now = Math.max(now, next.due);
            if (next.owner().frozen) {
                next.owner().held.add(next);
            } else {
                running = true;
                next.run();
                running = false;
            }
        }
        now = end;
    }

    /** Runs what is due now, and what that makes due. */
    public void runDue() {
        forward(Duration.ZERO);
    }

    /** Returns how many tasks wait for their time. */
    public int pending() {
        return tasks.size();
    }

    @Override
    public void execute(Runnable command) {
        schedule(command, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return add(new Task<Object>(
                () -> {
                    command.run();
                    return null;
                },
                nanoTime() + unit.toNanos(delay)));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return add(new Task<>(callable, nanoTime() + unit.toNanos(delay)));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {
        shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown = true;
        List<Runnable> dropped = new ArrayList<>(tasks);
        tasks.clear();
        return dropped;
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return shutdown && tasks.isEmpty();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return isTerminated();
    }

    private <V> Task<V> add(Task<V> task) {
        if (shutdown) {
            throw new RejectedExecutionException();
        }
        clock.tasks.add(task);
        return task;
    }

    private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {

        private final long due;
        private final long order;

        Task(Callable<V> callable, long due) {
            super(callable);
            this.due = due;
            this.order = clock.order++;
        }

        @Override
        public boolean cancel(boolean interrupt) {
            boolean first = !isDone() && super.cancel(interrupt);
            if (first && !clock.tasks.remove(this)) {
                held.remove(this);
            }
            return first;
        }

        FakeClock owner() {
            return FakeClock.this;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(due - nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}
