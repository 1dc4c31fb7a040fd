package io.github.grpclb.sample.client;

import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.sample.HelloReply;
import io.github.grpclb.sample.HelloRequest;
import io.github.grpclb.sample.HelloServiceGrpc.HelloServiceStub;
import io.grpc.Metadata;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc.HealthStub;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** Makes the calls. All that the starter is told stands where the two stubs are declared and in {@code application.yml}. */
final class Greeter {

    private static final Duration LONGEST_CONNECT = Duration.ofSeconds(5);

    private final Options options;
    private final HelloServiceStub hello;
    private final HealthStub health;

    Greeter(Options options, HelloServiceStub hello, HealthStub health) {
        this.options = options;
        this.hello = hello;
        this.health = health;
    }

    /** Opens the connections: the channel answers as soon as the first of them stands, the others follow. */
    void warmUp() {
        if (!options.warmup().isZero()) {
            PendingCall<HealthCheckResponse> first = new PendingCall<>(HealthCheckResponse::toString);
            health.withWaitForReady()
                    .withInterceptors(first)
                    .withDeadlineAfter(LONGEST_CONNECT)
                    .check(HealthCheckRequest.getDefaultInstance(), first);
            first.outcome().join();
            LockSupport.parkNanos(options.warmup().toNanos());
        }
    }

    /** Starts a call. */
    CompletableFuture<Outcome> call(long number) {
        return switch (options.rpc()) {
            case SAY -> say(routed(hello, number), "grpc" + number);
            case HEALTH -> check(routed(health, number));
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

    /** Gives a call what it is routed by. */
    private <S extends AbstractStub<S>> S routed(S stub, long number) {
        S routed =
                options.serverId().map(id -> RoutingKeys.withServerId(stub, id)).orElse(stub);
        Metadata headers = new Metadata();
        options.header().ifPresent(header -> put(headers, header.getKey(), header.getValue()));
        options.hashHeader().ifPresent(name -> put(headers, name, "user" + number % options.users()));
        return headers.keys().isEmpty()
                ? routed
                : routed.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private static void put(Metadata headers, String name, String value) {
        headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    }

    private <S extends AbstractStub<S>> S prepared(S stub, PendingCall<?> pending) {
        S prepared = stub.withInterceptors(pending).withDeadlineAfter(options.deadline());
        return options.waitForReady() ? prepared.withWaitForReady() : prepared;
    }
}
