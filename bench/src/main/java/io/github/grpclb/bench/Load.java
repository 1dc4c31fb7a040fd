package io.github.grpclb.bench;

import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Calls a service for a while and takes down how it went. A call that fails ends the benchmark. */
final class Load {

    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Channel channel;
    private final Phaser running = new Phaser(1);
    private final Histogram latencies = new ConcurrentHistogram(LONGEST_NANOS, 3);
    private final Map<String, LongAdder> callsByServer = new ConcurrentHashMap<>();
    private volatile @Nullable Throwable failure;

    private Load(Channel channel) {
        this.channel = channel;
    }

    /** What came of it; latencies are in nanoseconds. */
    record Outcome(double callsPerSecond, Histogram latencies, Map<String, LongAdder> callsByServer) {

        double shareOf(String server) {
            LongAdder calls = callsByServer.get(server);
            return calls == null ? 0 : (double) calls.sum() / latencies.getTotalCount();
        }

        double millisAt(double percentile) {
            return latencies.getValueAtPercentile(percentile) / 1e6;
        }
    }

    /** Keeps so many calls in flight. */
    static Outcome closed(Channel channel, int concurrency, Duration duration) {
        Load load = new Load(channel);
        long start = System.nanoTime();
        long end = start + duration.toNanos();
        for (int i = 0; i < concurrency; i++) {
            load.callUntil(end);
        }
        return load.outcome(start);
    }

    /** Starts a call every so often, whether or not the ones before have ended; each counts from when it was due. */
    static Outcome open(Channel channel, Duration interval, Duration duration) {
        Load load = new Load(channel);
        long start = System.nanoTime();
        long end = start + duration.toNanos();
        for (long due = start; due < end; due += interval.toNanos()) {
            for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
                LockSupport.parkNanos(early);
            }
            load.call(due, () -> {});
        }
        return load.outcome(start);
    }

    private void callUntil(long end) {
        long now = System.nanoTime();
        if (now < end) {
            call(now, () -> callUntil(end));
        }
    }

    private void call(long since, Runnable next) {
        running.register();
        ClientCalls.asyncUnaryCall(
                channel.newCall(TestServer.WHO, CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS)),
                "who",
                new StreamObserver<>() {
                    @Override
                    public void onNext(String server) {
                        callsByServer
                                .computeIfAbsent(server, missing -> new LongAdder())
                                .increment();
                    }

                    @Override
                    public void onError(Throwable reason) {
                        failure = reason;
                        running.arriveAndDeregister();
                    }

                    @Override
                    public void onCompleted() {
                        latencies.recordValue(Math.min(LONGEST_NANOS, System.nanoTime() - since));
                        next.run();
                        running.arriveAndDeregister();
                    }
                });
    }

    private Outcome outcome(long start) {
        running.arriveAndAwaitAdvance();
        if (failure != null) {
            throw new IllegalStateException("a call failed", failure);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Outcome(latencies.getTotalCount() / seconds, latencies, callsByServer);
    }
}
