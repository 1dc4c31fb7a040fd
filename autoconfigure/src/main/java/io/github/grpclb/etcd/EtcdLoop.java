package io.github.grpclb.etcd;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that all loops of a connection run on, with its clock and its chance. What a task throws is logged,
 * and the thread lives on. After the end of the thread tasks are dropped.
 */
final class EtcdLoop {

    private static final Logger log = LoggerFactory.getLogger(EtcdLoop.class);

    /** Lists arrive ten times a second, and so may failures of who listens. */
    private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

    private static final int MAX_REPORTED = 100;

    /** Something that will be done later. */
    interface Timer {

        Timer NONE = () -> {};

        /** Drops it if it has not begun. */
        void cancel();
    }

    private final ScheduledExecutorService executor;
    private final LongSupplier ticker;
    private final RandomGenerator random;

    EtcdLoop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
        this.executor = executor;
        this.ticker = ticker;
        this.random = random;
    }

    /** Runs a task on the thread, after those before it; returns whether it will run. */
    boolean execute(Runnable task) {
        try {
            executor.execute(guarded(task));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    Timer after(Duration delay, Runnable task) {
        try {
            Future<?> future = executor.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            return Timer.NONE;
        }
    }

    /** Goes on with the outcome of a call of {@link EtcdApi}, which arrives on this thread. */
    <T> void when(CompletableFuture<T> call, Consumer<T> succeeded, Consumer<EtcdException> failed) {
        var unused = call.whenComplete((result, failure) -> guarded(() -> {
                    if (failure == null) {
                        succeeded.accept(result);
                    } else {
                        failed.accept(EtcdException.of(failure));
                    }
                })
                .run());
    }

    /** Nanoseconds of a monotonic clock: only differences mean something. */
    long now() {
        return ticker.getAsLong();
    }

    /** Returns the time that has passed since a {@link #now}. */
    Duration since(long then) {
        return Duration.ofNanos(now() - then);
    }

    RandomGenerator random() {
        return random;
    }

    /** Returns a time between {@code 1 - spread} and {@code 1 + spread} of the given one. */
    Duration jittered(Duration time, double spread) {
        return Duration.ofNanos((long) (time.toNanos() * (1 + spread * (2 * random.nextDouble() - 1))));
    }

    /** Calls code that is not ours; what it throws is logged, once for each place that it comes from. */
    static void foreign(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            if (REPORTED.size() < MAX_REPORTED && REPORTED.add(placeOf(call, e))) {
                log.error("A listener or observer failed and may go on failing (said once)", e);
            }
        }
    }

    private static String placeOf(Runnable call, Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        return call.getClass().getName() + failure.getClass().getName() + (trace.length == 0 ? "" : trace[0]);
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                log.error("A task of the etcd loop failed", e);
            }
        };
    }
}
