package io.github.grpclb.test;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls, one after the other on each of some threads, before, while and after something else happens; and fails where one of them
 * failed, or took longer than a call may. For one use, by one thread.
 */
final class CallsMeanwhile {

    static final int THREADS = 2;

    /** Leaves a small machine to what the calls are to observe. */
    private static final Duration PAUSE = Duration.ofMillis(1);

    private static final int SHOWN = 10;

    private final CheckedRunnable call;
    private final Duration limit;
    private final List<Thread> threads = new ArrayList<>();

    // guarded by this
    private final long[] made = new long[THREADS];
    private final Map<String, Failure> failures = new LinkedHashMap<>();
    private long failed;
    private @Nullable Long begun;
    private boolean over;
    private boolean abandoned;

    /**
     * What some calls failed with.
     *
     * @param first what the first of them threw
     * @param afterSeconds when that was, from the beginning of the action; null before it
     */
    private record Failure(Throwable first, @Nullable Double afterSeconds, int count) {

        Failure again() {
            return new Failure(first, afterSeconds, count + 1);
        }
    }

    /**
     * Creates it.
     *
     * @param limit how long a call may take
     */
    CallsMeanwhile(CheckedRunnable call, Duration limit) {
        this.call = call;
        this.limit = limit;
        for (int i = 0; i < THREADS; i++) {
            int number = i;
            Thread thread = new Thread(() -> makeCalls(number), "grpc-lb-test-calls-" + number);
            thread.setDaemon(true);
            threads.add(thread);
        }
    }

    void run(CheckedRunnable action) throws Exception {
        threads.forEach(Thread::start);
        try {
            awaitCallsOfEach(1);
            if (failure() == null) {
                begin();
                action.run();
                awaitCallsOfEach(2); // the first may have begun before the action ended
            }
        } catch (Exception | Error e) {
            end();
            AssertionError failure = failure();
            if (failure != null) {
                e.addSuppressed(failure);
            }
            throw e;
        }
        end();
        AssertionError failure = failure();
        if (failure != null) {
            throw failure;
        }
    }

    private void makeCalls(int thread) {
        while (!isOver()) {
            Throwable thrown = null;
            try {
                call.run();
            } catch (Throwable e) {
                thrown = e;
            }
            ended(thread, thrown);
            try {
                Thread.sleep(PAUSE.toMillis());
            } catch (InterruptedException e) {
                return; // all is over
            }
        }
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized void begin() {
        begun = System.nanoTime();
    }

    private synchronized void ended(int thread, @Nullable Throwable thrown) {
        if (abandoned) {
            return; // it was interrupted
        }
        made[thread]++;
        if (thrown != null) {
            failed++;
            Long start = begun;
            Double after = start == null ? null : (System.nanoTime() - start) / 1e9;
            failures.merge(describe(thrown), new Failure(thrown, after, 1), (before, now) -> before.again());
        }
        notifyAll();
    }

    /** Waits until each thread has made some more calls. */
    private synchronized void awaitCallsOfEach(int more) throws InterruptedException {
        long[] until = made.clone();
        for (int i = 0; i < THREADS; i++) {
            until[i] += more;
        }
        long end = System.nanoTime() + more * limit.toNanos();
        for (int i = 0; i < THREADS; i++) {
            while (made[i] < until[i]) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new AssertionError(String.format(
                            Locale.ROOT,
                            "a call has not ended within %.3f s: give calls a deadline",
                            limit.toMillis() / 1e3));
                }
                wait(left);
            }
        }
    }

    private void end() throws InterruptedException {
        synchronized (this) {
            over = true;
        }
        long end = System.nanoTime() + limit.toNanos();
        for (Thread thread : threads) {
            thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        }
        synchronized (this) {
            abandoned = true;
        }
        threads.forEach(Thread::interrupt);
    }

    private synchronized @Nullable AssertionError failure() {
        if (failures.isEmpty()) {
            return null;
        }
        long all = 0;
        for (long each : made) {
            all += each;
        }
        StringBuilder message =
                new StringBuilder().append(failed).append(" of ").append(all).append(" calls failed:");
        failures.entrySet().stream().limit(SHOWN).forEach(each -> message.append(line(each.getKey(), each.getValue())));
        if (failures.size() > SHOWN) {
            message.append(String.format("%n  and in %d other ways", failures.size() - SHOWN));
        }
        return new AssertionError(
                message.toString(), failures.values().iterator().next().first());
    }

    private static String line(String what, Failure failure) {
        Double after = failure.afterSeconds();
        String when = after == null
                ? "before the action began"
                : String.format(Locale.ROOT, "%.3f s after the action began", after);
        return String.format("%n  %s (%d times, first %s)", what, failure.count(), when);
    }

    private static String describe(Throwable thrown) {
        if (thrown instanceof StatusRuntimeException || thrown instanceof StatusException) {
            Status status = Status.fromThrowable(thrown);
            String description = status.getDescription();
            return status.getCode() + (description == null ? "" : ": " + description);
        }
        return thrown.toString();
    }
}
