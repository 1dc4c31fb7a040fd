package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.override.OverriddenSource;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.Override.Selector;
import io.github.grpclb.override.OverrideObserver;
import io.github.grpclb.override.OverrideSource;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.LiveServiceConfig;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Overrides on a real channel: whatever they change, no connection is made or lost for it. */
class OverridesIT {

    private static final String SERVICE = "svc";

    @AutoClose
    private final Opened opened = new Opened();

    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final FakeEndpointSource registry = new FakeEndpointSource();
    private final ToldOverrides overrides = new ToldOverrides();
    private final LiveServiceConfig live = new LiveServiceConfig();
    private final TestServer a = opened.add(TestServer.start("a"));
    private final TestServer b = opened.add(TestServer.start("b"));
    private final ManagedChannel channel = channel();

    @Test
    void aServerOfWeight0GetsNoCallAndThenItsShareAgain() {
        overrides.tell(override("w", new Selector.Server("a"), new Effect.Weight(0), Duration.ofMinutes(10)));
        awaitAnswers(Map.of("b", 20));
        assertThat(TestServer.ask(channel, soon().withOption(RoutingKeys.SERVER_ID, "a")))
                .isEqualTo("a");
        overrides.tell(override("w", new Selector.Server("a"), new Effect.Weight(3), Duration.ofMinutes(10)));
        awaitAnswers(Map.of("a", 15, "b", 5));
        overrides.tell();
        awaitAnswers(Map.of("a", 10, "b", 10));
        assertNoReconnect();
    }

    @Test
    void anOverrideEndsByItselfThoughNobodyTakesItBack() {
        overrides.tell(override("d", new Selector.All(), new Effect.Disabled(), Duration.ofSeconds(2)));
        await().untilAsserted(() -> assertThat(failure())
                .startsWith("no endpoint is ready (2 known, 2 of them disabled: disabled by ann until ")
                .endsWith(": leaks memory)"));
        long began = System.nanoTime();
        awaitAnswers(Map.of("a", 10, "b", 10));
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(3));
        assertNoReconnect();
    }

    @Test
    void aCallMayWaitForTheEndOfAnOverride() {
        overrides.tell(override("d", new Selector.All(), new Effect.Disabled(), Duration.ofSeconds(2)));
        await().untilAsserted(() -> assertThat(failure()).contains("2 of them disabled"));
        assertThat(TestServer.ask(channel, soon().withWaitForReady())).isIn("a", "b");
    }

    @Test
    void aPolicyAndASplitStandOverPropertiesAndTheLiveServiceConfig() {
        live.set(Map.of(
                "loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("policy", "weighted_round_robin")))));
        publish(1, 9);
        awaitAnswers(Map.of("a", 2, "b", 18));
        overrides.tell(override("p", new Selector.All(), new Effect.Policy("round_robin"), Duration.ofMinutes(10)));
        awaitAnswers(Map.of("a", 10, "b", 10));
        overrides.tell(override("p", new Selector.All(), new Effect.Policy("no_such"), Duration.ofMinutes(10)));
        awaitAnswers(Map.of("a", 2, "b", 18));
        overrides.tell(override(
                "s",
                new Selector.All(),
                new Effect.Split(new BalancingOverride.Split("version", Map.of("v2", 100.0))),
                Duration.ofMinutes(10)));
        awaitAnswers(Map.of("b", 20));
        overrides.tell();
        awaitAnswers(Map.of("a", 2, "b", 18));
        assertNoReconnect();
    }

    @Test
    void anotherListLeavesOverridesAsTheyAre() {
        overrides.tell(override("d", new Selector.Server("a"), new Effect.Disabled(), Duration.ofMinutes(10)));
        awaitAnswers(Map.of("b", 20));
        publish(5, 5);
        assertThat(answers()).containsExactly(entry("b", 20));
        assertNoReconnect();
    }

    private ManagedChannel channel() {
        opened.add(executor::shutdownNow);
        OverriddenSource source = new OverriddenSource(
                registry,
                overrides,
                OverrideObserver.NONE,
                new RegistryLoop(executor, System::nanoTime, new Random(7)));
        publish(1, 1);
        ManagedChannelBuilder<?> builder = NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .setNameResolverArg(ResolverArgs.SOURCE, source)
                .setNameResolverArg(ResolverArgs.SERVICE_CONFIG, live)
                .setNameResolverArg(BalancerArgs.CONFIG, LbConfig.parse(Map.of("policy", "weighted_round_robin")));
        ManagedChannel made = builder.build();
        opened.add(() -> made.shutdownNow().awaitTermination(5, TimeUnit.SECONDS));
        made.getState(true);
        await().until(() -> overrides.listener != null);
        overrides.tell();
        await().until(() -> answers(made).keySet().containsAll(List.of("a", "b")));
        return made;
    }

    private void publish(int weightOfA, int weightOfB) {
        Endpoint first = FakeEndpointSource.endpoint(SERVICE, a)
                .version("v1")
                .weight(weightOfA)
                .build();
        Endpoint second = FakeEndpointSource.endpoint(SERVICE, b)
                .version("v2")
                .weight(weightOfB)
                .build();
        registry.publish(SERVICE, first, second);
    }

    private void assertNoReconnect() {
        assertThat(a.connections() + b.connections()).isEqualTo(2);
    }

    private void awaitAnswers(Map<String, Integer> expected) {
        await().untilAsserted(() -> assertThat(answers()).isEqualTo(expected));
    }

    private Map<String, Integer> answers() {
        return answers(channel);
    }

    private static Map<String, Integer> answers(ManagedChannel of) {
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < 20; i++) {
            try {
                answers.merge(TestServer.ask(of, soon()), 1, Integer::sum);
            } catch (StatusRuntimeException e) {
                answers.merge(String.valueOf(e.getStatus().getDescription()), 1, Integer::sum);
            }
        }
        return answers;
    }

    private String failure() {
        try {
            return TestServer.ask(channel, soon());
        } catch (StatusRuntimeException e) {
            return String.valueOf(e.getStatus().getDescription());
        }
    }

    private static CallOptions soon() {
        return CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS);
    }

    private static Override override(String name, Selector selector, Effect effect, Duration time) {
        Instant now = Instant.now();
        return new Override(SERVICE, name, selector, effect, "ann", "leaks memory", now, now.plus(time), "", 1);
    }

    private static final class ToldOverrides implements OverrideSource {

        private volatile Consumer<List<Override>> listener;

        void tell(Override... overrides) {
            listener.accept(List.of(overrides));
        }

        @java.lang.Override
        public Subscription subscribe(String service, Consumer<List<Override>> hears) {
            listener = hears;
            return () -> {};
        }

        @java.lang.Override
        public void close() {}
    }
}
