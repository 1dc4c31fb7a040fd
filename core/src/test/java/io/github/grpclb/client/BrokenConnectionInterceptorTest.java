package io.github.grpclb.client;

import static io.github.grpclb.testing.TestServer.WHO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BrokenConnectionInterceptorTest {

    @Test
    void callsInFlightAreUnavailable() throws Exception {
        assertThat(callsThatMeetAClosedConnection(true)).allSatisfy(status -> {
            assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(status.getDescription()).isEqualTo("channel closed");
            assertThat(status.getCause()).isInstanceOf(ClosedChannelException.class);
        });
    }

    /** Where this fails, grpc-java has mended it, and the interceptor has had its day. */
    @Test
    void grpcItselfCallsThemUnknown() throws Exception {
        assertThat(callsThatMeetAClosedConnection(false))
                .extracting(Status::getCode)
                .containsOnly(Status.Code.UNKNOWN);
    }

    @Test
    void leavesTheUnknownOfAServer() throws IOException {
        Status unknown = Status.UNKNOWN.withDescription("channel closed");
        Server server = InProcessServerBuilder.forName("unknown")
                .addService(ServerServiceDefinition.builder("test.Who")
                        .addMethod(
                                WHO,
                                ServerCalls.<String, String>asyncUnaryCall(
                                        (request, response) -> response.onError(unknown.asRuntimeException())))
                        .build())
                .build()
                .start();
        ManagedChannel channel = InProcessChannelBuilder.forName("unknown").build();
        try {
            Channel intercepted = ClientInterceptors.intercept(channel, new BrokenConnectionInterceptor());
            Status status = catchThrowableOfType(
                            StatusRuntimeException.class, () -> TestServer.ask(intercepted, CallOptions.DEFAULT))
                    .getStatus();
            assertThat(status.getCode()).isEqualTo(Status.Code.UNKNOWN);
        } finally {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    /**
     * Returns how a stream that was open and a call that was new ended, where the call's frames were queued before the connection was
     * closed, and written before anyone was told of that.
     */
    private static List<Status> callsThatMeetAClosedConnection(boolean intercepted) throws Exception {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        CompletableFuture<NioSocketChannel> connection = new CompletableFuture<>();
        try (TestServer server = TestServer.start("one")) {
            ManagedChannel channel = NettyChannelBuilder.forAddress(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))
                    .usePlaintext()
                    .eventLoopGroup(loop)
                    .channelFactory(() -> {
                        NioSocketChannel made = new NioSocketChannel();
                        connection.complete(made);
                        return made;
                    })
                    .build();
            try {
                Channel used = intercepted
                        ? ClientInterceptors.intercept(channel, new BrokenConnectionInterceptor())
                        : channel;
                Iterator<HealthCheckResponse> stream =
                        HealthGrpc.newBlockingStub(used).watch(HealthCheckRequest.getDefaultInstance());
                assertThat(stream.next()).as("open stream").isNotNull();
                CompletableFuture<Void> blocked = new CompletableFuture<>();
                CompletableFuture<Void> queued = new CompletableFuture<>();
                loop.execute(() -> {
                    blocked.complete(null);
                    queued.join();
                    // as netty does where the peer has closed; close() would say good-bye first
                    connection.join().unsafe().close(connection.join().voidPromise());
                });
                blocked.join();
                Future<String> call = ClientCalls.futureUnaryCall(used.newCall(WHO, CallOptions.DEFAULT), "who");
                queued.complete(null);
                return Stream.of(catchThrowable(stream::next), catchThrowable(call::get))
                        .map(Status::fromThrowable)
                        .toList();
            } finally {
                channel.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
            }
        } finally {
            loop.shutdownGracefully(0, 5, TimeUnit.SECONDS);
        }
    }
}
