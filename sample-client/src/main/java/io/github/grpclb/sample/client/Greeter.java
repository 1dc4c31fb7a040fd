package io.github.grpclb.sample.client;

import io.github.grpclb.sample.HelloReply;
import io.github.grpclb.sample.HelloRequest;
import io.github.grpclb.sample.HelloServiceGrpc.HelloServiceStub;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc.HealthStub;
import io.grpc.stub.AbstractStub;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** Makes the calls over two stubs, whoever made these, and knows neither Spring nor grpc-lb. */
final class Greeter {

    /** What is done to a stub before a call. */
    interface Preparation {

        /** Nothing. */
        Preparation NONE = new Preparation() {
            @Override
            public <S extends AbstractStub<S>> S prepare(S stub, long number) {
                return stub;
            }
        };

        <S extends AbstractStub<S>> S prepare(S stub, long number);
    }

    private static final int SOME_FAILED = 1;
    private static final Duration LONGEST_CONNECT = Duration.ofSeconds(5);

    private final Load load;
    private final HelloServiceStub hello;
    private final HealthStub health;
    private final Preparation preparation;

    Greeter(Load load, HelloServiceStub hello, HealthStub health, Preparation preparation) {
        this.load = load;
        this.hello = hello;
        this.health = health;
        this.preparation = preparation;
    }

    /**
     * Makes all calls and shows who answered.
     *
     * @return the process's exit code
     */
    int run() {
        Report report = new Report();
        warmUp();
        new LoadGenerator(load, LoadGenerator.Clock.SYSTEM).run(this::call, (outcome, nanos) -> {
            report.add(outcome, nanos);
            if (!load.quiet()) {
                System.out.println(outcome.text());
            }
        });
        System.out.println(load.json() ? report.toJson() : report.toTable());
        return report.failed() == 0 ? 0 : SOME_FAILED;
    }

    /** Opens the connections: the channel answers as soon as the first of them stands, the others follow. */
    private void warmUp() {
        if (!load.warmup().isZero()) {
            PendingCall<HealthCheckResponse> first = new PendingCall<>(HealthCheckResponse::toString);
            health.withWaitForReady()
                    .withInterceptors(first)
                    .withDeadlineAfter(LONGEST_CONNECT)
                    .check(HealthCheckRequest.getDefaultInstance(), first);
            first.outcome().join();
            LockSupport.parkNanos(load.warmup().toNanos());
        }
    }

    private CompletableFuture<Outcome> call(long number) {
        return switch (load.rpc()) {
            case SAY -> say(preparation.prepare(hello, number), "grpc" + number);
            case HEALTH -> check(preparation.prepare(health, number));
        };
    }

    private CompletableFuture<Outcome> say(HelloServiceStub stub, String name) {
        PendingCall<HelloReply> pending =
                new PendingCall<>(reply -> "code:" + reply.getCode() + " value:\"" + reply.getValue() + "\"");
        prepared(stub, pending).say(HelloRequest.newBuilder().setName(name).build(), pending);
        return pending.outcome();
    }

    private CompletableFuture<Outcome> check(HealthStub stub) {
        PendingCall<HealthCheckResponse> pending = new PendingCall<>(reply -> "status:" + reply.getStatus());
        prepared(stub, pending).check(HealthCheckRequest.getDefaultInstance(), pending);
        return pending.outcome();
    }

    private <S extends AbstractStub<S>> S prepared(S stub, PendingCall<?> pending) {
        S prepared = stub.withInterceptors(pending).withDeadlineAfter(load.deadline());
        return load.waitForReady() ? prepared.withWaitForReady() : prepared;
    }
}
