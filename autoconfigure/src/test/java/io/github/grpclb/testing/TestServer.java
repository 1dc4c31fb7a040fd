package io.github.grpclb.testing;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A real server on loopback that answers with its id, and counts the connections that were made to it. */
public final class TestServer implements AutoCloseable {

    /** Asks who answers. */
    public static final MethodDescriptor<String, String> WHO = MethodDescriptor.newBuilder(new Text(), new Text())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("test.Who/Who")
            .build();

    private final String id;
    private final Server server;
    private final int port;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger calls = new AtomicInteger();
    private final HealthStatusManager health = new HealthStatusManager();
    private final List<Runnable> held = new ArrayList<>();
    private boolean holding;
    private volatile boolean failing;

    private TestServer(String id, InetAddress host, int wantedPort, int maxConcurrentCalls) {
        this.id = id;
        try {
            this.server = NettyServerBuilder.forAddress(new InetSocketAddress(host, wantedPort))
                    .maxConcurrentCallsPerConnection(maxConcurrentCalls)
                    .addTransportFilter(new ServerTransportFilter() {
                        @Override
                        public Attributes transportReady(Attributes attributes) {
                            connections.incrementAndGet();
                            return attributes;
                        }
                    })
                    .addService(ServerServiceDefinition.builder("test.Who")
                            .addMethod(WHO, ServerCalls.<String, String>asyncUnaryCall((request, response) -> {
                                calls.incrementAndGet();
                                if (failing) {
                                    response.onError(Status.INTERNAL
                                            .withDescription("fails on purpose")
                                            .asRuntimeException());
                                    return;
                                }
                                answerOrHold(() -> {
                                    response.onNext(id);
                                    response.onCompleted();
                                });
                            }))
                            .build())
                    .addService(health.getHealthService())
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.port = server.getPort();
    }

    public static TestServer start(String id) {
        return start(id, 0);
    }

    public static TestServer start(String id, int port) {
        return start(id, InetAddress.getLoopbackAddress(), port);
    }

    /** Starts one on another of this machine's loopback addresses. */
    public static TestServer start(String id, InetAddress host, int port) {
        return new TestServer(id, host, port, Integer.MAX_VALUE);
    }

    /** Starts one that takes only so many calls at the same time over one connection. */
    public static TestServer limited(String id, int maxConcurrentCalls) {
        return new TestServer(id, InetAddress.getLoopbackAddress(), 0, maxConcurrentCalls);
    }

    /** Makes one call and returns the id of the server that answered. */
    public static String ask(Channel channel, CallOptions options) {
        return ClientCalls.blockingUnaryCall(channel, WHO, options, "who");
    }

    public Endpoint.Builder endpoint(String service) {
        return Endpoint.builder(service, "127.0.0.1", port).id(id);
    }

    public int port() {
        return port;
    }

    public int connections() {
        return connections.get();
    }

    public int calls() {
        return calls.get();
    }

    /** Makes it fail its calls, or answer them again. */
    public void fail(boolean on) {
        failing = on;
    }

    /** Makes it keep its answers back, or give all those that it has kept. */
    public void hold(boolean on) {
        List<Runnable> kept;
        synchronized (held) {
            holding = on;
            kept = on ? List.of() : List.copyOf(held);
            held.removeAll(kept);
        }
        kept.forEach(Runnable::run);
    }

    private void answerOrHold(Runnable answer) {
        synchronized (held) {
            if (holding) {
                held.add(answer);
                return;
            }
        }
        answer.run();
    }

    /** Makes it say of itself whether it serves. */
    public void serves(boolean on) {
        health.setStatus("", on ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }

    /** Stops as a server should: refuses new calls and finishes those that it has. */
    public void stop() throws InterruptedException {
        server.shutdown().awaitTermination();
    }

    @Override
    public void close() throws InterruptedException {
        server.shutdownNow().awaitTermination();
    }

    private static final class Text implements MethodDescriptor.Marshaller<String> {

        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
