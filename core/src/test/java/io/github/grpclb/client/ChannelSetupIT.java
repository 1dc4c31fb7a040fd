package io.github.grpclb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.LiveServiceConfig;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Channels that are prepared as a host prepares them. */
class ChannelSetupIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final TestServer a = opened.add(TestServer.start("a"));
    private final TestServer b = opened.add(TestServer.start("b"));
    private final StaticEndpointSource source = new StaticEndpointSource(Map.of(
            "svc",
            List.of(
                    FakeEndpointSource.endpoint("svc", a).build(),
                    FakeEndpointSource.endpoint("svc", b).build())));

    @Test
    void spreadsCallsOverTheServersOfItsSource() {
        Channel channel = channel(ChannelSetup.of(source).build(), UnaryOperator.identity());
        await().untilAsserted(() -> assertThat(answers(channel, "any")).containsOnly("a", "b"));
    }

    @Test
    void fixedEndpointsServeWhateverTheTargetIs() {
        ClientSettings fixed = new ClientSettings(
                LbConfig.DEFAULT,
                Duration.ZERO,
                List.of(FakeEndpointSource.endpoint("another", a).build()),
                0);
        Channel channel =
                channel(ChannelSetup.of(source).clients(client -> fixed).build(), UnaryOperator.identity());
        assertThat(answers(channel, "any")).containsOnly("a");
    }

    @Test
    void theKeyOfTheContextIsThereWhenALiveConfigTurnsToHashing() {
        LiveServiceConfig live = new LiveServiceConfig();
        Channel channel = channel(
                ChannelSetup.of(source).build(),
                builder -> builder.setNameResolverArg(ResolverArgs.SERVICE_CONFIG, live));
        await().untilAsserted(() -> assertThat(answers(channel, "user")).containsOnly("a", "b"));
        live.set(Map.of("loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("policy", "consistent_hash")))));
        await().untilAsserted(() -> assertThat(IntStream.range(0, 8).mapToObj(i -> answers(channel, "user" + i)))
                .allSatisfy(each -> assertThat(each).hasSize(1)));
    }

    @Test
    void leavesAChannelToOneServerAlone() throws Exception {
        opened.add((AutoCloseable) InProcessServerBuilder.forName("one").build().start()::shutdownNow);
        InProcessChannelBuilder builder = InProcessChannelBuilder.forName("one");
        ChannelSetup.of(source).build().prepare(builder, "svc");
        ManagedChannel channel = builder.build();
        opened.add((AutoCloseable) channel::shutdownNow);
        assertThatThrownBy(() -> TestServer.ask(channel, CallOptions.DEFAULT)).hasMessageContaining("UNIMPLEMENTED");
    }

    @Test
    void namesATimeThatIsOutOfRange() {
        assertThatThrownBy(() -> ChannelSetup.of(source).staleMax(Duration.ofDays(366)))
                .isInstanceOf(IllegalValueException.class)
                .hasMessage("staleMax: PT8784H (expected: 0 to 365 d)");
        List<Endpoint> none = List.of();
        assertThatThrownBy(() -> new ClientSettings(LbConfig.DEFAULT, Duration.ofMillis(-1), none, 0))
                .hasMessage("initialWait: PT-0.001S (expected: 0 to 1 h)");
    }

    private ManagedChannel channel(ChannelSetup setup, UnaryOperator<ManagedChannelBuilder<?>> more) {
        ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder("etcd:///svc", InsecureChannelCredentials.create());
        setup.prepare(builder, "svc");
        ManagedChannel channel = more.apply(builder).build();
        opened.add((AutoCloseable) channel::shutdownNow);
        return channel;
    }

    private static Set<String> answers(Channel channel, String key) {
        Set<String> answers = new HashSet<>();
        Context.current().withValue(RoutingKeys.HASH_CONTEXT, key).run(() -> IntStream.range(0, 6)
                .forEach(call -> answers.add(TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady()))));
        return answers;
    }
}
