package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.BalancerInUse;
import io.github.grpclb.resolver.LiveServiceConfig;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a user sets in the service config of a channel, beside what the balancer is configured to do, on real channels. */
@ExtendWith(CapturedLog.Extension.class)
class UserServiceConfigIT {

    private static final String SERVICE = "svc";
    private static final CallOptions PLAIN = CallOptions.DEFAULT;
    private static final Map<String, ?> BACK_OFF =
            Map.of("initialBackoff", "0.01s", "maxBackoff", "0.01s", "backoffMultiplier", 1.0);
    private static final Map<String, ?> RETRIES =
            methods("retryPolicy", with(BACK_OFF, "maxAttempts", 5.0, "retryableStatusCodes", List.of("INTERNAL")));

    @AutoClose
    private final Opened opened = new Opened();

    private final FakeEndpointSource source = new FakeEndpointSource();
    private final LiveServiceConfig live = new LiveServiceConfig();
    private final TestServer a = opened.add(TestServer.start("a"));
    private final TestServer b = opened.add(TestServer.start("b"));

    @Test
    void retriesGoOnWhateverThePolicyOfTheLiveChannel() {
        publish(1, 1);
        ManagedChannel channel = channel(LbConfig.DEFAULT, builder -> builder.defaultServiceConfig(RETRIES));
        awaitBoth(channel);
        a.fail(true);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        for (String policy : List.of("weighted_round_robin", "round_robin")) {
            live.set(balancing("endpoint_lb", Map.of("policy", policy)));
            assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        }
        a.fail(false);
        publish(3, 1);
        live.set(balancing("endpoint_lb", Map.of("policy", "weighted_round_robin")));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 40)).containsExactly(Map.entry("a", 30), Map.entry("b", 10)));
        a.fail(true);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        live.set(null);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        assertThat(a.connections() + b.connections()).isEqualTo(2);
    }

    @Test
    void aLiveConfigWithoutABalancerLeavesThePolicyAsItIs() {
        publish(1, 9);
        LbConfig weighted = LbConfig.parse(Map.of("policy", "weighted_round_robin"));
        ManagedChannel channel = channel(weighted, builder -> {});
        awaitBoth(channel);
        live.set(RETRIES);
        await().untilAsserted(() -> {
            a.fail(true);
            assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        });
        a.fail(false);
        assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 5), Map.entry("b", 45));
        live.set(with(RETRIES, "loadBalancingConfig", List.of(Map.of("endpoint_lb", Map.of("policy", "round_robin")))));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 25), Map.entry("b", 25)));
        a.fail(true);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        assertThat(a.connections() + b.connections()).isEqualTo(2);
    }

    @Test
    void aBadLiveConfigLeavesBothAsTheyAre() {
        publish(1, 9);
        LbConfig weighted = LbConfig.parse(Map.of("policy", "weighted_round_robin"));
        ManagedChannel channel = channel(weighted, builder -> builder.defaultServiceConfig(RETRIES));
        awaitBoth(channel);
        for (Object bad : List.of(
                "text",
                List.of("text"),
                List.of(Map.of("endpoint_lb", Map.of("policy", 3.0))),
                List.of(Map.of("endpoint_lb", Map.of("polcy", "random"))),
                List.of(Map.of(
                        "endpoint_lb", Map.of("policy", "least_request", "options", Map.of("choiseCount", 3.0)))))) {
            live.set(Map.of("loadBalancingConfig", bad));
            assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 5), Map.entry("b", 45));
        }
        a.fail(true);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
    }

    @Test
    void fieldsBesideTheBalancersAreLeftToGrpc() {
        publish(1, 9);
        ManagedChannel channel = channel(LbConfig.DEFAULT, builder -> {});
        awaitBoth(channel);
        live.set(with(balancing("endpoint_lb", Map.of("policy", "weighted_round_robin")), "later", true));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 5), Map.entry("b", 45)));
    }

    @Test
    void timeoutsAndWaitForReadyHold() {
        ManagedChannel channel = channel(
                LbConfig.DEFAULT,
                builder -> builder.defaultServiceConfig(methods("waitForReady", true, "timeout", "0.5s")));
        source.unavailable(SERVICE, "etcd unreachable");
        assertThat(answer(channel, PLAIN)).startsWith("DEADLINE_EXCEEDED");
        publish(1, 1);
        assertThat(answer(channel, PLAIN)).isIn("a", "b");
    }

    @Test
    void hedgingHolds() {
        publish(1, 1);
        ManagedChannel channel = channel(LbConfig.DEFAULT, builder -> builder.enableRetry()
                .defaultServiceConfig(methods(
                        "hedgingPolicy",
                        Map.of(
                                "maxAttempts",
                                2.0,
                                "hedgingDelay",
                                "0.01s",
                                "nonFatalStatusCodes",
                                List.of("INTERNAL")))));
        awaitBoth(channel);
        a.fail(true);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
    }

    @Test
    void retryThrottlingHolds() {
        publish(1, 1);
        Map<String, ?> throttled = with(RETRIES, "retryThrottling", Map.of("maxTokens", 4.0, "tokenRatio", 0.001));
        ManagedChannel channel = channel(LbConfig.DEFAULT, builder -> builder.defaultServiceConfig(throttled));
        awaitBoth(channel);
        int before = a.calls() + b.calls();
        a.fail(true);
        b.fail(true);
        for (int call = 0; call < 20; call++) {
            live.set(balancing("endpoint_lb", Map.of("policy", call % 2 == 0 ? "random" : "round_robin")));
            assertThat(answer(channel, PLAIN)).startsWith("INTERNAL");
        }
        assertThat(a.calls() + b.calls() - before).isBetween(20, 25);
    }

    @Test
    void aCallThatNamesAServerIsNotRepeatedElsewhere() {
        publish(1, 1);
        ManagedChannel channel = channel(LbConfig.DEFAULT, builder -> builder.defaultServiceConfig(RETRIES));
        awaitBoth(channel);
        a.fail(true);
        int before = b.calls();
        assertThat(answer(channel, PLAIN.withOption(RoutingKeys.SERVER_ID, "a")))
                .startsWith("INTERNAL");
        assertThat(b.calls()).isEqualTo(before);
    }

    @Test
    void serversAreAskedForTheirHealthWhereTheServiceConfigSaysSo() {
        a.serves(false);
        publish(1, 1);
        Map<String, ?> checked = with(RETRIES, "healthCheckConfig", Map.of("serviceName", ""));
        ManagedChannel channel = channel(LbConfig.DEFAULT, builder -> builder.defaultServiceConfig(checked));
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        assertThat(a.calls()).isZero();
        live.set(balancing("endpoint_lb", Map.of("policy", "random")));
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        a.serves(true);
        awaitBoth(channel);
        assertThat(a.connections() + b.connections()).isEqualTo(2);
    }

    @Test
    void serversAreAskedForTheirHealthBesideTheUsersRetries() {
        publish(1, 1);
        a.serves(false);
        LbConfig checked = LbConfig.parse(Map.of("healthCheck", Map.of()));
        ManagedChannel channel = channel(checked, builder -> builder.defaultServiceConfig(RETRIES));
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
        assertThat(a.calls()).isZero();
        a.serves(true);
        awaitBoth(channel);
        a.fail(true);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
    }

    @Test
    void whereTheChannelLooksUpNoServiceConfigThePolicyStillHolds() {
        publish(1, 9);
        LbConfig weighted = LbConfig.parse(Map.of("policy", "weighted_round_robin"));
        ManagedChannel channel = channel(
                weighted, builder -> builder.disableServiceConfigLookUp().defaultServiceConfig(RETRIES));
        awaitBoth(channel);
        assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 5), Map.entry("b", 45));
        live.set(balancing("endpoint_lb", Map.of("policy", "round_robin")));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 25), Map.entry("b", 25)));
        a.fail(true);
        assertThat(answers(channel, 20)).containsExactly(Map.entry("b", 20));
    }

    @Test
    void theUsersConfigurationOfOurBalancerHolds() {
        publish(1, 9);
        ManagedChannel channel = channel(
                LbConfig.DEFAULT,
                builder -> builder.defaultServiceConfig(
                        balancing("endpoint_lb", Map.of("policy", "weighted_round_robin"))));
        awaitBoth(channel);
        assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 5), Map.entry("b", 45));
    }

    @Test
    void anotherBalancerOfTheUsersIsUsedAndWarnedOfOnce(CapturedLog log) {
        publish(1, 9);
        LbConfig weighted = LbConfig.parse(Map.of("policy", "weighted_round_robin"));
        ManagedChannel channel = channel(
                weighted,
                builder -> builder.defaultServiceConfig(
                        with(RETRIES, "loadBalancingConfig", List.of(Map.of("round_robin", Map.of())))));
        awaitBoth(channel);
        assertThat(answers(channel, 50)).containsExactly(Map.entry("a", 25), Map.entry("b", 25));
        publish(2, 9);
        channel.enterIdle();
        await().until(() -> channel.getState(false) == ConnectivityState.IDLE);
        awaitBoth(channel);
        live.set(balancing("endpoint_lb", Map.of("policy", "weighted_round_robin")));
        await().untilAsserted(
                        () -> assertThat(answers(channel, 11)).containsExactly(Map.entry("a", 2), Map.entry("b", 9)));
        assertThat(log.toString().lines().filter(line -> line.contains(BalancerInUse.class.getName())))
                .singleElement()
                .asString()
                .contains("Client greeter: ", "loadBalancingConfig", "etcd:///svc", "grpc.lb.clients.greeter.policy");
    }

    private ManagedChannel channel(LbConfig config, Consumer<ManagedChannelBuilder<?>> user) {
        ManagedChannelBuilder<?> builder = NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .setNameResolverArg(ResolverArgs.SOURCE, source)
                .setNameResolverArg(ResolverArgs.SERVICE_CONFIG, live)
                .setNameResolverArg(
                        ResolverArgs.BALANCER_IN_USE, new BalancerInUse("greeter", new LogLimit(System::nanoTime)))
                .setNameResolverArg(BalancerArgs.CONFIG, config);
        user.accept(builder);
        ManagedChannel channel = builder.build();
        opened.add(() -> channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS));
        channel.getState(true);
        await().until(() -> source.followers() > 0);
        return channel;
    }

    private void publish(int weightOfA, int weightOfB) {
        Endpoint first =
                FakeEndpointSource.endpoint(SERVICE, a).weight(weightOfA).build();
        source.publish(
                SERVICE,
                first,
                FakeEndpointSource.endpoint(SERVICE, b).weight(weightOfB).build());
    }

    private static void awaitBoth(ManagedChannel channel) {
        await().until(() -> answers(channel, 20).keySet().containsAll(List.of("a", "b")));
    }

    /** The config of all methods. */
    private static Map<String, ?> methods(Object... fields) {
        return Map.of("methodConfig", List.of(with(Map.of("name", List.of(Map.of())), fields)));
    }

    private static Map<String, ?> balancing(String balancer, Map<String, ?> config) {
        return Map.of("loadBalancingConfig", List.of(Map.of(balancer, config)));
    }

    private static Map<String, ?> with(Map<String, ?> fields, Object... more) {
        Map<String, Object> all = new HashMap<>(fields);
        for (int i = 0; i < more.length; i += 2) {
            all.put((String) more[i], more[i + 1]);
        }
        return all;
    }

    /** Returns who answered, or why nobody did. */
    private static String answer(ManagedChannel channel, CallOptions options) {
        try {
            return TestServer.ask(channel, options.withDeadlineAfter(5, TimeUnit.SECONDS));
        } catch (StatusRuntimeException e) {
            Status status = e.getStatus();
            return status.getCode() + ": " + status.getDescription();
        }
    }

    private static Map<String, Integer> answers(ManagedChannel channel, int calls) {
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < calls; i++) {
            answers.merge(answer(channel, PLAIN), 1, Integer::sum);
        }
        return answers;
    }
}
