package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.github.grpclb.testing.FaultRow;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a client makes of one who ends its calls in order and says nothing, as a proxy may. */
@FaultRow(13)
class JetcdClientTest {

    private static final Duration LIMIT = Duration.ofSeconds(5);

    private Server proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(silent(KVGrpc.SERVICE_NAME, KVGrpc.getRangeMethod()))
                .addService(silent(LeaseGrpc.SERVICE_NAME, LeaseGrpc.getLeaseKeepAliveMethod()))
                .addService(silent(AuthGrpc.SERVICE_NAME, AuthGrpc.getAuthenticateMethod()))
                .build()
                .start();
    }

    @AfterEach
    void stop() {
        proxy.shutdownNow();
    }

    @Test
    void aCallThatEndsWithoutAnAnswerFails() {
        try (EtcdConnection connection = connect(null)) {
            assertNotAnswered(connection.api().get("/grpclb/x"));
            assertNotAnswered(connection.api().renew(1, LIMIT));
        }
    }

    @Test
    void aTokenThatIsNotGivenFails() {
        try (EtcdConnection connection = connect("user")) {
            assertNotAnswered(connection.api().get("/grpclb/x"));
        }
    }

    private static void assertNotAnswered(CompletableFuture<?> call) {
        assertThat(call)
                .failsWithin(LIMIT)
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(EtcdException.class, failure -> {
                    assertThat(failure.kind()).isEqualTo(EtcdException.Kind.UNREACHABLE);
                    assertThat(failure).hasMessageContaining("ended without an answer");
                });
    }

    private EtcdConnection connect(String user) {
        return new EtcdConnection(new EtcdOptions(
                List.of("http://127.0.0.1:" + proxy.getPort()), "/grpclb/", user, user, null, Duration.ofSeconds(60)));
    }

    /** A stream by name: in others grpc-java's server lets no call end so. */
    private static <Q, A> ServerServiceDefinition silent(String service, MethodDescriptor<Q, A> method) {
        return ServerServiceDefinition.builder(service)
                .addMethod(method.toBuilder().setType(MethodType.BIDI_STREAMING).build(), (call, headers) -> {
                    call.request(1);
                    return new ServerCall.Listener<Q>() {
                        @Override
                        public void onMessage(Q request) {
                            call.close(Status.OK, new Metadata());
                        }
                    };
                })
                .build();
    }
}
