package io.github.grpclb.test;

import static io.github.grpclb.test.GrpcLbAssertions.assertThatCalls;
import static io.github.grpclb.test.GrpcLbAssertions.awaitAnswersFrom;
import static io.github.grpclb.test.GrpcLbAssertions.noCallFailsWhile;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A channel over a registry that the test drives, and real servers. */
class FakeRegistryIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final FakeRegistry registry = new FakeRegistry();
    private final TestServer a = opened.add(TestServer.start("a"));
    private final TestServer b = opened.add(TestServer.start("b"));
    private ManagedChannel channel;

    @BeforeEach
    void open() {
        ManagedChannelBuilder<?> builder =
                Grpc.newChannelBuilder("etcd:///greeter", InsecureChannelCredentials.create());
        ChannelSetup.of(registry).build().prepare(builder, "greeter");
        channel = builder.build();
        opened.add(channel::shutdownNow);
    }

    @Test
    void callsGoOnInAnOutageAndAMassExpiry() throws Exception {
        registry.put(endpoint(a), endpoint(b));
        awaitAnswersFrom(this::ask, "a", "b");
        noCallFailsWhile(this::ask, () -> {
            registry.outage();
            registry.recover();
            registry.expire("greeter");
        });
        awaitAnswersFrom(this::ask, "a", "b");
        noCallFailsWhile(this::ask, registry::recover);
        assertThatCalls(60, this::ask).areSharedAs(Map.of("a", 1, "b", 1));
    }

    @Test
    void callsFollowWhatTheTestDoes() throws Exception {
        registry.put(endpoint(a));
        awaitAnswersFrom(this::ask, "a");
        noCallFailsWhile(this::ask, () -> {
            registry.put(endpoint(b));
            awaitAnswersFrom(this::ask, "a", "b");
            registry.remove("greeter", "a");
            awaitAnswersFrom(this::ask, "b");
        });
    }

    @Test
    void callsFailWhereTheLastServerIsRemoved() {
        registry.put(endpoint(a));
        awaitAnswersFrom(this::ask, "a");
        registry.put(endpoint(a).toBuilder().state(Endpoint.State.DRAINING).build());
        registry.remove("greeter", "a");
        await().untilAsserted(() -> assertThatThrownBy(this::ask)
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("no endpoint is registered"));
    }

    private String ask() {
        return TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS));
    }

    private static Endpoint endpoint(TestServer server) {
        return Endpoint.builder("greeter", "127.0.0.1", server.port())
                .id(server.id())
                .startedAt(1)
                .build();
    }
}
