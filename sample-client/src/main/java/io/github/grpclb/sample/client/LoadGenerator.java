package io.github.grpclb.sample.client;

import java.nio.file.Files;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts calls by plan and measures them. With a rate, call n is planned for n / rate seconds after the start, however long
 * the calls before it take; without one, for the moment in which another call has made room for it. Latency counts from the
 * planned start, so that a stall is not hidden by the calls that were never made (coordinated omission).
 */
final class LoadGenerator {

    /** Starts a call. */
    interface Call {
        CompletionStage<Outcome> start(long number);
    }

    /** Hears of each call's end, on whatever thread it ended, before {@link #run} returns. */
    interface Listener {
        void ended(Outcome outcome, long nanos);
    }

    /** Time, so that a test can own it. */
    interface Clock {
        Clock SYSTEM = new Clock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public void sleepUntil(long nanoTime) {
                for (long left = nanoTime - nanoTime(); left > 0; left = nanoTime - nanoTime()) {
                    LockSupport.parkNanos(left);
                }
            }
        };

        long nanoTime();

        void sleepUntil(long nanoTime);
    }

    private final Load load;
    private final Clock clock;

    LoadGenerator(Load load, Clock clock) {
        this.load = load;
        this.clock = clock;
    }

    /** Starts all calls, one thread at it, and returns when the last of them has ended. */
    void run(Call call, Listener listener) {
        Semaphore room = new Semaphore(load.concurrency());
        long start = clock.nanoTime();
        for (long number = 0; number < load.calls(); number++) {
            if (load.rate() > 0) {
                clock.sleepUntil(start + plannedAfter(number));
            }
            room.acquireUninterruptibly();
            long now = clock.nanoTime();
            if (now - start >= load.duration().toNanos()
                    || load.until().filter(Files::exists).isPresent()) {
                room.release();
                break;
            }
            long planned = load.rate() > 0 ? start + plannedAfter(number) : now;
            call.start(number).thenAccept(outcome -> {
                listener.ended(outcome, clock.nanoTime() - planned);
                room.release();
            });
        }
        room.acquireUninterruptibly(load.concurrency());
    }

    private long plannedAfter(long number) {
        return Math.round(number * 1e9 / load.rate());
    }
}
