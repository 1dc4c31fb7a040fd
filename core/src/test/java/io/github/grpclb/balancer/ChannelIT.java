package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.InitialWait;
import io.github.grpclb.resolver.LiveServiceConfig;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Load;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Real channels to real servers on loopback, from the source of the endpoints to the server that answers. */
class ChannelIT {

    private static final String SERVICE = "cluster@callee";
    private static final CallOptions PLAIN = CallOptions.DEFAULT;

    private final FakeEndpointSource source = new FakeEndpointSource();
    private final LiveServiceConfig serviceConfig = new LiveServiceConfig();
    private final List<TestServer> servers = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();

    @AfterEach
    void stopAll() throws InterruptedException {
        for (ManagedChannel channel : channels) {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        for (TestServer server : servers) {
            server.close();
        }
    }

    @Test
    @FaultRow(43)
    void takesAnotherWeightWithoutANewConnection() {
        TestServer a = server("a");
        TestServer b = server("b");
        source.publish(SERVICE, weighing(a, 1), weighing(b, 1));
        ManagedChannel channel = channel(endpointLb("weighted_round_robin"));
        awaitAnswersFrom(channel, "a", "b");
        for (int weight = 2; weight <= 50; weight++) {
            source.publish(SERVICE, weighing(a, weight), weighing(b, 1));
        }
        source.publish(SERVICE, weighing(a, 4), weighing(b, 1));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 40), Map.entry("b", 10)));
        assertThat(a.connections() + b.connections()).isEqualTo(2);
    }

    @Test
    void takesAnotherPolicyWithoutANewConnection() {
        TestServer a = server("a");
        TestServer b = server("b");
        source.publish(SERVICE, weighing(a, 3), weighing(b, 1));
        ManagedChannel channel = channel(endpointLb("round_robin"));
        awaitAnswersFrom(channel, "a", "b");
        for (int i = 0; i < 20; i++) {
            serviceConfig.set(endpointLb(i % 2 == 0 ? "random" : "weighted_random"));
            ask(channel);
        }
        serviceConfig.set(endpointLb("weighted_round_robin"));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 40)).containsExactly(Map.entry("a", 30), Map.entry("b", 10)));
        serviceConfig.set(endpointLb("pick_first"));
        await().untilAsserted(() -> assertThat(answers(channel, 20)).hasSize(1));
        serviceConfig.set(null);
        await().untilAsserted(
                        () -> assertThat(answers(channel, 20)).containsExactly(Map.entry("a", 10), Map.entry("b", 10)));
        assertThat(a.connections() + b.connections()).isEqualTo(2);
    }

    @Test
    void losesNoCallWhenAnEndpointLeavesAndComesBack() throws Exception {
        TestServer a = server("a");
        TestServer b = server("b");
        TestServer c = server("c");
        source.publish(SERVICE, weighing(a, 1), weighing(b, 1), weighing(c, 1));
        ManagedChannel channel = channel(endpointLb("round_robin"));
        awaitAnswersFrom(channel, "a", "b", "c");
        try (Load load = new Load(2, () -> ask(channel))) {
            for (int i = 0; i < 50; i++) {
                source.publish(SERVICE, weighing(a, 1), weighing(c, 1));
                load.awaitAnswers(20);
                source.publish(SERVICE, weighing(a, 1), weighing(b, 1), weighing(c, 1));
                load.awaitAnswers(20);
            }
            assertThat(load.failures()).isEmpty();
            assertThat(load.answered()).isGreaterThanOrEqualTo(2_000);
        }
        assertThat(a.connections() + c.connections()).isEqualTo(2);
    }

    @Test
    void failsAtOnceWithTheReasonUnlessACallWaitsForReady() throws Exception {
        ManagedChannel channel = channel(endpointLb("round_robin"));
        ExecutorService caller = Executors.newSingleThreadExecutor();
        try {
            Future<String> waiting = caller.submit(() -> TestServer.ask(channel, PLAIN.withWaitForReady()));
            await().until(() -> source.followers() == 1);
            source.unavailable(SERVICE, "etcd unreachable");
            assertUnavailable(channel, PLAIN, "etcd:///cluster@callee: discovery not ready: etcd unreachable");
            source.publish(SERVICE);
            await().untilAsserted(() ->
                    assertUnavailable(channel, PLAIN, "etcd:///cluster@callee: no endpoint is registered"));
            assertThat(waiting).isNotDone();
            source.publish(SERVICE, weighing(server("a"), 1));
            assertThat(waiting.get(5, TimeUnit.SECONDS)).isEqualTo("a");
        } finally {
            caller.shutdownNow();
        }
    }

    @Test
    void callsWaitForAFirstServerAndAgainWhereTheApplicationGoesOn() throws Exception {
        InitialWait wait = new InitialWait(InitialWait.LONGEST);
        ManagedChannel channel = NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .setNameResolverArg(ResolverArgs.SOURCE, source)
                .setNameResolverArg(ResolverArgs.INITIAL_WAIT, wait)
                .build();
        channels.add(channel);
        ExecutorService caller = Executors.newFixedThreadPool(2);
        try {
            source.publish(SERVICE);
            Future<String> first = caller.submit(() -> ask(channel));
            CallOptions toNobody = PLAIN.withOption(RoutingKeys.SERVER_ID, "nobody");
            Future<String> bound = caller.submit(() -> answer(channel, toNobody));
            await().until(() -> source.followers() == 1);
            TestServer a = server("a");
            source.publish(SERVICE, weighing(a, 1));
            assertThat(first.get(5, TimeUnit.SECONDS)).isEqualTo("a");
            assertThat(bound.get(5, TimeUnit.SECONDS)).contains("server_id: no ready endpoint with id 'nobody'");
            source.publish(
                    SERVICE,
                    FakeEndpointSource.endpoint(SERVICE, a)
                            .state(Endpoint.State.DRAINING)
                            .build());
            source.publish(SERVICE);
            await().untilAsserted(() ->
                    assertUnavailable(channel, PLAIN, "etcd:///cluster@callee: no endpoint is registered"));
            wait.begin();
            Future<String> again = caller.submit(() -> ask(channel));
            await().until(() -> channel.getState(false) == ConnectivityState.CONNECTING);
            source.publish(SERVICE, weighing(a, 1));
            assertThat(again.get(5, TimeUnit.SECONDS)).isEqualTo("a");
        } finally {
            caller.shutdownNow();
        }
    }

    @Test
    void failsWithAHintWhereTheChannelHasNoSource() {
        ManagedChannel channel =
                NettyChannelBuilder.forTarget("etcd:///svc").usePlaintext().build();
        channels.add(channel);
        assertUnavailable(
                channel,
                PLAIN,
                "etcd:///svc: no source of endpoints: the channel was built without"
                        + " setNameResolverArg(ResolverArgs.SOURCE, source)");
    }

    @Test
    void sendsACallToTheServerThatItNames() {
        TestServer a = server("a");
        source.publish(SERVICE, weighing(a, 1), weighing(server("b"), 1));
        ManagedChannel channel = channel(endpointLb("round_robin"));
        awaitAnswersFrom(channel, "a", "b");
        CallOptions toB = PLAIN.withOption(RoutingKeys.SERVER_ID, "b");
        for (int i = 0; i < 5; i++) {
            assertThat(TestServer.ask(channel, toB)).isEqualTo("b");
        }
        String text = "server_id: no ready endpoint with id 'b' (1 ready of 1 known)";
        source.publish(SERVICE, weighing(a, 1));
        await().untilAsserted(() -> assertUnavailable(channel, toB, text));
        // a drop does not wait, whatever the call asks for
        assertUnavailable(channel, toB.withWaitForReady(), text);

        serviceConfig.set(Map.of(
                "loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("serverId", Map.of("mode", "fallback"))))));
        await().untilAsserted(() -> assertThat(answer(channel, toB)).isEqualTo("a"));
    }

    @Test
    void readsTheServerFromAHeaderWhoeverSetsIt() {
        source.publish(SERVICE, weighing(server("a"), 1), weighing(server("b"), 1));
        ManagedChannel channel = channel(Map.of(
                "loadBalancingConfig",
                List.of(Map.of("endpoint_lb", Map.of("serverId", Map.of("header", "x-server-id"))))));
        awaitAnswersFrom(channel, "a", "b");
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("x-server-id", Metadata.ASCII_STRING_MARSHALLER), "b");
        for (int i = 0; i < 5; i++) {
            assertThat(TestServer.ask(
                            ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                            PLAIN))
                    .isEqualTo("b");
        }
    }

    @Test
    void strictCallWaitsForAServerThatIsBeingConnectedTo() {
        TestServer a = server("a");
        source.publish(SERVICE, weighing(a, 1));
        ManagedChannel channel = channel(endpointLb("round_robin"));
        awaitAnswersFrom(channel, "a");
        TestServer b = server("b");
        source.publish(SERVICE, weighing(a, 1), weighing(b, 1));
        CallOptions toB = PLAIN.withOption(RoutingKeys.SERVER_ID, "b");
        await().untilAsserted(() -> assertThat(answer(channel, toB)).isEqualTo("b"));
        assertThat(b.connections()).isEqualTo(1);
    }

    @Test
    @FaultRow(42)
    void goesOnWithItsPolicyAfterAnIdleTime() {
        TestServer a = server("a");
        source.publish(SERVICE, weighing(a, 1));
        AtomicInteger made = new AtomicInteger();
        Function<ConfigFields, Policy> counted = options -> {
            made.incrementAndGet();
            return Policies.with(List.of()).create("round_robin", options);
        };
        ManagedChannel channel = build(
                source,
                endpointLb("counted"),
                new ChannelMemory(new PolicyTable(Map.of("counted", counted), List.of(), List.of())));
        for (int cycle = 1; cycle <= 5; cycle++) {
            assertThat(ask(channel)).isEqualTo("a");
            assertThat(source.followers()).isEqualTo(1);
            assertThat(a.connections()).isEqualTo(cycle);
            channel.enterIdle();
            await().until(() -> channel.getState(false) == ConnectivityState.IDLE && source.followers() == 0);
        }
        assertThat(made).as("the policy with its turn outlives the balancer").hasValue(1);
    }

    @Test
    @FaultRow(50)
    void livesWithAPolicyThatThrows() {
        source.publish(SERVICE, weighing(server("a"), 1), weighing(server("b"), 1));
        Policy broken = new Policy() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public Picker picker(List<Candidate> known, List<Candidate> ready) {
                return call -> {
                    throw new IllegalStateException("broken on purpose");
                };
            }
        };
        ManagedChannel channel = build(source, endpointLb("broken"), new ChannelMemory(Policies.with(List.of(broken))));
        awaitAnswersFrom(channel, "a", "b");
        serviceConfig.set(endpointLb("round_robin"));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 10)).containsExactly(Map.entry("a", 5), Map.entry("b", 5)));
    }

    @Test
    void staysWithItsPolicyWhereTheNewOneIsUnknownOrUnreadable() {
        source.publish(SERVICE, weighing(server("a"), 1), weighing(server("b"), 1));
        ManagedChannel channel = channel(endpointLb("round_robin"));
        awaitAnswersFrom(channel, "a", "b");
        serviceConfig.set(endpointLb("fastest"));
        assertThat(answers(channel, 50).values()).allMatch(count -> count >= 20);
        serviceConfig.set(Map.of("loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("policy", 3.0)))));
        assertThat(answers(channel, 50).values()).allMatch(count -> count >= 20);
    }

    @Test
    void goesOnServingOverAnEmptyList() throws Exception {
        TestServer a = server("a");
        source.publish(SERVICE, weighing(a, 1));
        ManagedChannel channel = channel(endpointLb("round_robin"));
        assertThat(ask(channel)).isEqualTo("a");
        try (Load load = new Load(1, () -> ask(channel))) {
            source.publish(SERVICE);
            load.awaitAnswers(50);
            assertThat(load.failures()).isEmpty();
        }
        assertThat(a.connections()).isEqualTo(1);
    }

    @Test
    void sendsNoNewCallsToAServerThatDrains() {
        TestServer a = server("a");
        TestServer b = server("b");
        source.publish(SERVICE, weighing(a, 1), weighing(b, 1));
        ManagedChannel channel = channel(endpointLb("random"));
        awaitAnswersFrom(channel, "a", "b");
        source.publish(
                SERVICE,
                weighing(a, 1),
                FakeEndpointSource.endpoint(SERVICE, b)
                        .state(Endpoint.State.DRAINING)
                        .build());
        await().untilAsserted(() -> assertThat(answers(channel, 50)).containsOnlyKeys("a"));
        assertThat(TestServer.ask(channel, PLAIN.withOption(RoutingKeys.SERVER_ID, "b")))
                .isEqualTo("b");
        source.publish(
                SERVICE,
                FakeEndpointSource.endpoint(SERVICE, b)
                        .state(Endpoint.State.DRAINING)
                        .build());
        await().untilAsserted(() -> assertThat(answers(channel, 10)).containsOnlyKeys("b"));
    }

    @Test
    void comesBackToAServerThatWasRestarted() throws Exception {
        TestServer a = server("a");
        source.publish(SERVICE, weighing(a, 1));
        ManagedChannel channel = channel(endpointLb("round_robin"));
        assertThat(ask(channel)).isEqualTo("a");
        a.close();
        await().untilAsserted(() -> assertUnavailable(
                channel, PLAIN, "no endpoint is ready (1 known); 127.0.0.1:" + a.port() + ": io exception"));
        servers.add(TestServer.start("a2", a.port()));
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(answer(channel, PLAIN)).isEqualTo("a2"));
    }

    @Test
    void twoChannelsWithTheirOwnSourcesDoNotMeet() {
        FakeEndpointSource other = new FakeEndpointSource();
        source.publish(SERVICE, weighing(server("a"), 1));
        other.publish(SERVICE, weighing(server("b"), 1));
        ManagedChannel first = channel(endpointLb("round_robin"));
        ManagedChannel second = build(other, endpointLb("round_robin"), new ChannelMemory(Policies.with(List.of())));
        assertThat(answers(first, 10)).containsOnlyKeys("a");
        assertThat(answers(second, 10)).containsOnlyKeys("b");
    }

    @Test
    void needsNoServiceConfigAtAll() {
        source.publish(SERVICE, weighing(server("a"), 1), weighing(server("b"), 1));
        ManagedChannel channel = NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .setNameResolverArg(ResolverArgs.SOURCE, source)
                .build();
        channels.add(channel);
        awaitAnswersFrom(channel, "a", "b");
        assertThat(answers(channel, 10)).containsExactly(Map.entry("a", 5), Map.entry("b", 5));
    }

    private TestServer server(String id) {
        TestServer server = TestServer.start(id);
        servers.add(server);
        return server;
    }

    private static Endpoint weighing(TestServer server, int weight) {
        return FakeEndpointSource.endpoint(SERVICE, server).weight(weight).build();
    }

    private ManagedChannel channel(Map<String, ?> defaultServiceConfig) {
        return build(source, defaultServiceConfig, new ChannelMemory(Policies.with(List.of())));
    }

    private ManagedChannel build(EndpointSource from, Map<String, ?> defaultServiceConfig, ChannelMemory memory) {
        ManagedChannelBuilder<?> builder = NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .defaultServiceConfig(defaultServiceConfig)
                .setNameResolverArg(ResolverArgs.SOURCE, from)
                .setNameResolverArg(ResolverArgs.SERVICE_CONFIG, serviceConfig)
                .setNameResolverArg(BalancerArgs.MEMORY, memory);
        ManagedChannel channel = builder.build();
        channels.add(channel);
        return channel;
    }

    private static Map<String, ?> endpointLb(String policy) {
        return Map.of("loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("policy", policy))));
    }

    private static String ask(ManagedChannel channel) {
        return TestServer.ask(channel, PLAIN.withDeadlineAfter(5, TimeUnit.SECONDS));
    }

    /** Returns who answered, or why nobody did. */
    private static String answer(ManagedChannel channel, CallOptions options) {
        try {
            return TestServer.ask(channel, options.withDeadlineAfter(5, TimeUnit.SECONDS));
        } catch (StatusRuntimeException e) {
            return e.getStatus().toString();
        }
    }

    private static Map<String, Integer> answers(ManagedChannel channel, int calls) {
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < calls; i++) {
            answers.merge(ask(channel), 1, Integer::sum);
        }
        return answers;
    }

    private static void awaitAnswersFrom(ManagedChannel channel, String... ids) {
        Set<String> seen = new HashSet<>();
        await().until(() -> {
            seen.add(ask(channel));
            return seen.containsAll(List.of(ids));
        });
    }

    private static void assertUnavailable(ManagedChannel channel, CallOptions options, String description) {
        StatusRuntimeException failure = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> TestServer.ask(channel, options.withDeadlineAfter(5, TimeUnit.SECONDS)));
        assertThat(failure).isNotNull();
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.getStatus().getDescription()).isEqualTo(description);
    }
}
