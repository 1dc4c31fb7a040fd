package io.github.grpclb.etcd;

import io.github.grpclb.etcd.FakeEtcd.FakeClient;
import io.github.grpclb.etcd.FakeEtcd.Health;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.testing.FakeClock;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A client's call: its way to a {@link FakeEtcd}, and the answer's way back, with the faults that it meets. */
final class FakeEtcdCall<T> {

    private final FakeClock scheduler;
    private final FakeFaults faults;
    private final FakeClient client;
    private final Supplier<T> operation;
    private final long limit;
    private final CompletableFuture<T> future = new CompletableFuture<>();

    /** Creates a call that is not sent yet; {@code operation} is done when it arrives. */
    FakeEtcdCall(FakeClock scheduler, FakeFaults faults, FakeClient client, Duration timeout, Supplier<T> operation) {
        this.scheduler = scheduler;
        this.faults = faults;
        this.client = client;
        this.operation = operation;
        this.limit = scheduler.nanoTime() + FakeEtcd.LATENCY.toNanos() + timeout.toNanos();
    }

    CompletableFuture<T> send() {
        if (faults.isSlow()) {
            timeOut();
        }
        scheduler.schedule(this::arrive, faults.delay(), TimeUnit.NANOSECONDS);
        return future;
    }

    private void arrive() {
        if (faults.health() == Health.PAUSED) {
            timeOut();
            faults.waitUntilUpOrGetLost(this::arrive);
            return;
        }
        EtcdException refusal = faults.refusalOfCall(client);
        if (refusal == null) {
            perform();
        } else {
            answer(0, () -> future.completeExceptionally(refusal));
        }
    }

    private void perform() {
        long delay = faults.isSlow() ? faults.delay() : 0;
        int before = faults.deaths();
        try {
            T result = operation.get();
            if (faults.losesAnswer(result)) {
                timeOut();
            } else {
                answer(delay, () -> {
                    if (faults.deaths() == before) {
                        future.complete(result);
                    } else { // the connection that it was on is gone
                        future.completeExceptionally(FakeFaults.unreachable());
                    }
                });
            }
        } catch (EtcdException e) {
            answer(delay, () -> future.completeExceptionally(e));
        }
    }

    /** Lets an answer arrive: at once where nothing can come between, as that spares a task. */
    private void answer(long delay, Runnable answer) {
        if (delay == 0 && client.process() == scheduler) {
            answer.run();
        } else {
            client.inProcess(delay, answer);
        }
    }

    private void timeOut() {
        client.inProcess(Math.max(0, limit - scheduler.nanoTime()), () -> future.completeExceptionally(timeout()));
    }

    private static EtcdException timeout() {
        return new EtcdException(
                EtcdException.Kind.UNREACHABLE,
                "etcd unreachable: no answer in time",
                Status.DEADLINE_EXCEEDED.asException());
    }
}
