package io.github.grpclb.server;

import io.github.grpclb.server.DrainStatus.State;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * A drain that somebody asked for, of a server that goes on. New calls are watched from the moment at which the registry has it, as they
 * are while a server stops; a stop that follows goes on with that watch. Thread-safe.
 */
final class RequestedDrain {

    private final ServerTraffic traffic;
    private final DrainOptions options;
    private final LongSupplier nanoTime;
    private final long begun;
    private final CompletableFuture<Void> told;
    private final CompletableFuture<Boolean> others;
    private boolean over;

    /**
     * Begins one.
     *
     * @param updates one for each record that says so, completed when the registry has it; none: nobody has to be told
     * @param others whether there is another server, asked for each record
     */
    RequestedDrain(
            ServerTraffic traffic,
            DrainOptions options,
            LongSupplier nanoTime,
            List<CompletableFuture<Void>> updates,
            List<CompletableFuture<Boolean>> others) {
        this.traffic = traffic;
        this.options = options;
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
        this.others = any(others);
        this.told = CompletableFuture.allOf(updates.toArray(CompletableFuture<?>[]::new))
                .thenRun(this::watch);
    }

    /** Returns the first that is true; where it cannot be told, there are some. */
    private static CompletableFuture<Boolean> any(List<CompletableFuture<Boolean>> others) {
        CompletableFuture<Boolean> any = CompletableFuture.completedFuture(false);
        for (CompletableFuture<Boolean> other : others) {
            any = any.thenCombine(other.exceptionally(failure -> true), Boolean::logicalOr);
        }
        return any;
    }

    private synchronized void watch() {
        if (!over) {
            traffic.newCalls().begin();
        }
    }

    /** Takes it back: calls are not watched any more. */
    synchronized void end() {
        over = true;
        traffic.newCalls().end();
    }

    DrainStatus status() {
        Duration forTime = Duration.ofNanos(nanoTime.getAsLong() - begun);
        boolean isTold = told.isDone() && !told.isCompletedExceptionally();
        return new DrainStatus(
                isTold ? stateOnceTold() : stateAfter(forTime, options.registryTimeout()),
                forTime,
                isTold,
                isTold ? traffic.newCalls().quietFor() : null,
                traffic.streams().count());
    }

    private State stateOnceTold() {
        if (options.quietPeriod().isZero()
                || !others.getNow(true)
                || traffic.newCalls().quietFor().compareTo(options.quietPeriod()) >= 0) {
            return State.QUIET;
        }
        return stateAfter(traffic.newCalls().watchedFor(), options.timeout());
    }

    private static State stateAfter(Duration time, Duration limit) {
        return time.compareTo(limit) >= 0 ? State.OVERDUE : State.DRAINING;
    }

    /** Blocks until a stop would not wait any longer, or the thread is interrupted (its interrupt status stays set). */
    void await() {
        if (hasAnswer(told) && (!hasAnswer(others) || others.join())) {
            traffic.newCalls().await(options.quietPeriod(), options.timeout());
        }
    }

    private boolean hasAnswer(CompletableFuture<?> future) {
        try {
            future.get(options.registryTimeout().toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
