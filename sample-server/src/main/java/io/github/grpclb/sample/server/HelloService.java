package io.github.grpclb.sample.server;

import io.github.grpclb.sample.HelloReply;
import io.github.grpclb.sample.HelloRequest;
import io.github.grpclb.sample.HelloServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Greets whoever calls and signs with the id that this server is registered under; slowly or not at all, if it is told to. */
final class HelloService extends HelloServiceGrpc.HelloServiceImplBase {

    private static final Logger log = LoggerFactory.getLogger(HelloService.class);

    private final String id;
    private final double failing;
    private final Executor later;

    /**
     * Creates the service.
     *
     * @param id what it signs with
     * @param delay before each answer
     * @param failing share of the calls that fail, from 0 to 1
     */
    HelloService(String id, Duration delay, double failing) {
        this.id = id;
        this.failing = failing;
        this.later = delay.isZero()
                ? Runnable::run
                : CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void say(HelloRequest request, StreamObserver<HelloReply> reply) {
        log.info("receive:{}", request.getName());
        later.execute(() -> answer(request, reply));
    }

    private void answer(HelloRequest request, StreamObserver<HelloReply> reply) {
        if (ThreadLocalRandom.current().nextDouble() < failing) {
            reply.onError(Status.UNAVAILABLE
                    .withDescription("server " + id + " fails as it was told to")
                    .asRuntimeException());
            return;
        }
        reply.onNext(HelloReply.newBuilder()
                .setCode(200)
                .setValue("hello " + request.getName() + " from " + id)
                .build());
        reply.onCompleted();
    }
}
