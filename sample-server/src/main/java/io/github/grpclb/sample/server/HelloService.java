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
import net.devh.boot.grpc.server.service.GrpcService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;

/** Greets whoever calls and signs with the id that this server is registered under; slowly or not at all, if it is told to. */
@GrpcService
class HelloService extends HelloServiceGrpc.HelloServiceImplBase {

    private static final Logger log = LoggerFactory.getLogger(HelloService.class);

    private final String id;
    private final double failing;
    private final Executor later;

    /**
     * Creates the service.
     *
     * @param delay before each answer
     * @param failing share of the calls that fail, from 0 to 1
     */
    HelloService(
            @Value("${grpc.lb.registration.id}") String id,
            @Value("${delay:0ms}") Duration delay,
            @Value("${fail:0}") double failing) {
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
