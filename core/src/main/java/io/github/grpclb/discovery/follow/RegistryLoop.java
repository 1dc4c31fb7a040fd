package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogLimit;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that everything about a registry runs on, with its clock, its chance, and what it has logged. What a task
 * throws is logged, once for each place that it comes from, and the thread lives on. After the end of the thread tasks are dropped.
 */
@Internal
public class RegistryLoop {

    private static final Logger log = LoggerFactory.getLogger(RegistryLoop.class);

    /** Something that will be done later. */
    public interface Timer {

        Timer NONE = () -> {};

        /** Drops it if it has not begun. */
        void cancel();
    }

    /** From where something was thrown. */
    private record Place(Class<?> thrown, @Nullable StackTraceElement at) {

        static Place of(Throwable thrown) {
            StackTraceElement[] trace = thrown.getStackTrace();
            return new Place(thrown.getClass(), trace.length == 0 ? null : trace[0]);
        }
    }

    private final ScheduledExecutorService executor;
    private final LongSupplier ticker;
    private final RandomGenerator random;
    private final LogLimit logLimit;

    public RegistryLoop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
        this.executor = executor;
        this.ticker = ticker;
        this.random = random;
        this.logLimit = new LogLimit(ticker);
    }

    /** Runs a task on the thread, after those before it; returns whether it will run. */
    public boolean execute(Runnable task) {
        try {
            executor.execute(guarded(task));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    public Timer after(Duration delay, Runnable task) {
        try {
            Future<?> future = executor.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            return Timer.NONE;
        }
    }

    /** Does something whose failure must not keep what follows from being done; it is logged. */
    public void guard(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            logOnce(RegistryLoop.class, "A task of the registry's loop failed (said once)", e);
        }
    }

    /** Calls code that is not ours; returns whether it threw nothing. */
    public boolean foreign(Runnable call) {
        try {
            call.run();
            return true;
        } catch (RuntimeException | Error e) {
            logOnce(call.getClass(), "A listener or observer failed and may go on failing (said once)", e);
            return false;
        }
    }

    /** What has been logged with this loop. */
    public LogLimit logLimit() {
        return logLimit;
    }

    /** Nanoseconds of a monotonic clock: only differences mean something. Thread-safe. */
    public long now() {
        return ticker.getAsLong();
    }

    /** Returns the time that has passed since a {@link #now}. */
    public Duration since(long then) {
        return Duration.ofNanos(now() - then);
    }

    RandomGenerator random() {
        return random;
    }

    /** Returns a time between {@code 1 - spread} and {@code 1 + spread} of the given one. */
    public Duration jittered(Duration time, double spread) {
        return Duration.ofNanos((long) (time.toNanos() * (1 + spread * (2 * random.nextDouble() - 1))));
    }

    /** Logs what was thrown, once for each place that it comes from. */
    protected final void logOnce(Class<?> subject, String what, Throwable thrown) {
        if (logLimit.isNew(subject, Place.of(thrown))) {
            log.error(what, thrown);
        }
    }

    private Runnable guarded(Runnable task) {
        return () -> guard(task);
    }
}
