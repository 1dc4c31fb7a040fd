package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogLimit;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that all loops of a connection run on, with its clock, its chance, and what it has logged. What a task throws is
 * logged, once for each place that it comes from, and the thread lives on; {@link #when} makes a failure of it, so that the loop tries
 * again. After the end of the thread tasks are dropped. Not final: a test breaks it.
 */
@Internal
public class EtcdLoop {

    private static final Logger log = LoggerFactory.getLogger(EtcdLoop.class);

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

    public EtcdLoop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
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

    /**
     * Makes a call of {@link EtcdApi}, and goes on with its outcome, which arrives on this thread. What making the call or {@code
     * succeeded} throws is a failure like any other, of the kind {@link EtcdException.Kind#INTERNAL}: so each loop ends a step either
     * as it should be or in {@code failed}, which lets it try again.
     */
    public <T extends @Nullable Object> void when(
            Supplier<CompletableFuture<T>> call, Consumer<? super T> succeeded, Consumer<EtcdException> failed) {
        CompletableFuture<T> outcome;
        try {
            outcome = call.get();
        } catch (RuntimeException | Error e) {
            guard(() -> failed.accept(caught(e)));
            return;
        }
        var unused = outcome.whenComplete((result, failure) -> {
            Throwable cause = failure;
            if (cause == null) {
                try {
                    succeeded.accept(result);
                    return;
                } catch (RuntimeException | Error e) {
                    cause = e;
                }
            }
            Throwable why = cause;
            guard(() -> failed.accept(caught(why)));
        });
    }

    /** Returns what was thrown as the failure of a call; what no call of etcd fails with is logged. */
    public EtcdException caught(Throwable thrown) {
        EtcdException failure = EtcdException.of(thrown);
        if (failure.kind() == EtcdException.Kind.INTERNAL) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            logOnce(EtcdLoop.class, "A step of a loop for etcd failed, and is tried again (said once)", cause);
        }
        return failure;
    }

    /** Does something whose failure must not keep what follows from being done; it is logged. */
    public void guard(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            logOnce(EtcdLoop.class, "A task of the etcd loop failed (said once)", e);
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

    /** What has been logged of this connection. */
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

    private void logOnce(Class<?> subject, String what, Throwable thrown) {
        if (logLimit.isNew(subject, Place.of(thrown))) {
            log.error(what, thrown);
        }
    }

    private Runnable guarded(Runnable task) {
        return () -> guard(task);
    }
}
