package io.github.grpclb.bench;

import io.github.grpclb.testing.TestServer;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A server on loopback that takes its time for each answer, however many calls there are. */
final class DelayedServer implements AutoCloseable {

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Server server;

    DelayedServer(String id, Duration delay) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder("test.Who")
                        .addMethod(
                                TestServer.WHO,
                                ServerCalls.<String, String>asyncUnaryCall((request, response) -> timer.schedule(
                                        () -> {
                                            response.onNext(id);
                                            response.onCompleted();
                                        },
                                        delay.toNanos(),
                                        TimeUnit.NANOSECONDS)))
                        .build())
                .build()
                .start();
    }

    String address() {
        return "127.0.0.1:" + server.getPort();
    }

    @Override
    public void close() throws InterruptedException {
        server.shutdownNow().awaitTermination();
        timer.shutdownNow();
    }
}
