package io.github.grpclb.xds;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The gRPC server of a control plane, with gRPC's health service beside it. Thread-safe.
 */
public final class XdsServer implements AutoCloseable {

    /** Clients ping more often than gRPC's servers like: every 30 s is usual. */
    private static final long SHORTEST_PING_SECONDS = 10;

    /** A client that is gone without a word is noticed after this, and the next. */
    private static final long PING_AFTER_SECONDS = 60;

    private static final long PING_TIMEOUT_SECONDS = 20;

    private static final int CALLS_PER_CONNECTION = 100;

    private static final long FAREWELL_SECONDS = 5;

    private final XdsControlPlane controlPlane;
    private final Server server;
    private final @Nullable RefusedHandshakes handshakes;

    private XdsServer(XdsControlPlane controlPlane, Server server, @Nullable RefusedHandshakes handshakes) {
        this.controlPlane = controlPlane;
        this.server = server;
        this.handshakes = handshakes;
    }

    /**
     * Starts to listen.
     *
     * @param controlPlane closed with it
     * @param address with port 0 for any free one
     * @param credentials its own, and what it wants of clients
     * @param token what clients have to send as {@code authorization: Bearer …}, to all but the health service; null for nothing
     * @throws IOException if it cannot listen there
     */
    public static XdsServer start(
            XdsControlPlane controlPlane,
            InetSocketAddress address,
            ServerCredentials credentials,
            @Nullable String token)
            throws IOException {
        NettyServerBuilder builder = NettyServerBuilder.forAddress(address, credentials)
                .permitKeepAliveTime(SHORTEST_PING_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(PING_AFTER_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(PING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
                .addService(new HealthStatusManager().getHealthService());
        controlPlane
                .services()
                .forEach(service -> builder.addService(
                        token == null
                                ? service.bindService()
                                : ServerInterceptors.intercept(service, new RequiredToken(token))));
        if (credentials instanceof InsecureServerCredentials) {
            return new XdsServer(controlPlane, builder.build().start(), null);
        }
        RefusedHandshakes handshakes = new RefusedHandshakes();
        handshakes.watch(builder);
        try {
            return new XdsServer(controlPlane, builder.build().start(), handshakes);
        } catch (IOException | RuntimeException e) {
            handshakes.close();
            throw e;
        }
    }

    public XdsControlPlane controlPlane() {
        return controlPlane;
    }

    /** Returns the port that it listens on. */
    public int port() {
        return server.getPort();
    }

    /** Ends all streams, and stops to listen. Returns when that is done, after 5 s at most. */
    @Override
    public void close() {
        controlPlane.close();
        server.shutdown();
        try {
            if (!server.awaitTermination(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
                server.shutdownNow();
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        if (handshakes != null) {
            handshakes.close();
        }
    }
}
