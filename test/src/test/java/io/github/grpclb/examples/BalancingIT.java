package io.github.grpclb.examples;

import static io.github.grpclb.test.GrpcLbAssertions.assertThatCalls;
import static io.github.grpclb.test.GrpcLbAssertions.awaitAnswersFrom;
import static io.github.grpclb.test.GrpcLbAssertions.noCallFailsWhile;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.client.ClientSettings;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.test.FakeRegistry;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What docs/testing.md shows of a registry that the test drives. */
class BalancingIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final TestServer a = opened.add(TestServer.start("a"));
    private final TestServer b = opened.add(TestServer.start("b"));
    private final FakeRegistry registry = new FakeRegistry();
    private Greeter greeter;

    @BeforeEach
    void open() {
        ManagedChannelBuilder<?> builder =
                Grpc.newChannelBuilder("etcd:///greeter", InsecureChannelCredentials.create());
        LbConfig weighted = LbConfig.parse(Map.of("policy", "weighted_random"));
        ChannelSetup.of(registry)
                .clients(client -> new ClientSettings(weighted, Duration.ofSeconds(2), List.of(), 0))
                .build()
                .prepare(builder, "greeter");
        ManagedChannel channel = builder.build();
        opened.add(channel::shutdownNow);
        greeter = () -> TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS));
    }

    @Test
    void callsFollowTheWeightsAndOutliveTheRegistry() throws Exception {
        registry.put(
                Endpoint.builder("greeter", "127.0.0.1", a.port())
                        .id("a")
                        .weight(5)
                        .build(),
                Endpoint.builder("greeter", "127.0.0.1", b.port()).id("b").build());
        awaitAnswersFrom(greeter::ask, "a", "b");
        assertThatCalls(600, greeter::ask).areSharedAs(Map.of("a", 5, "b", 1));

        noCallFailsWhile(greeter::ask, () -> {
            registry.outage(); // the last list stands
            registry.recover();
            registry.expire("greeter"); // all keys are gone; clients keep the servers
            registry.recover(); // and the servers have put them back
            registry.remove("greeter", "a"); // a server that stops as it should
            awaitAnswersFrom(greeter::ask, "b");
        });
    }

    /** A stub of the user's, whose calls return the id of the server that answered. */
    private interface Greeter {
        String ask();
    }
}
