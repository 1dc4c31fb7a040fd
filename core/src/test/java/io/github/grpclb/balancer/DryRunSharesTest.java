package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.DryRunScene.assertAgree;
import static io.github.grpclb.balancer.DryRunScene.calls;
import static io.github.grpclb.balancer.DryRunScene.server;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.dryrun.Prediction;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is predicted is what happens, whatever the policy and whatever stands over it. */
class DryRunSharesTest {

    private static final Map<String, ?> EJECTING = Map.of(
            "interval",
            "1s",
            "maxEjectionPercent",
            100,
            "failurePercentageEjection",
            Map.of("minimumHosts", 1, "requestVolume", 1));

    private final DryRunScene scene = new DryRunScene();

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    private void start(String policy, Map<String, ?> config, Endpoint.Builder... servers) {
        scene.balancer().acceptReady(with(policy, config), servers);
    }

    private static Map<String, ?> with(String policy, Map<String, ?> config) {
        Map<String, Object> all = new HashMap<>(config);
        all.put("policy", policy);
        return all;
    }

    private Prediction agrees(String text, FakeCall call) {
        scene.warmUp(call);
        Prediction prediction = predict(text, "");
        assertThat(prediction.reason()).isNull();
        assertAgree(calls(prediction.before()), scene.make(call));
        return prediction;
    }

    private Prediction predict(String call, String change) {
        return scene.predict("rate=" + DryRunScene.RATE + "," + call, change);
    }

    private static Endpoint.Builder[] weighted() {
        return new Endpoint.Builder[] {
            server(1).weight(1),
            server(2).weight(5),
            server(3).weight(0),
            server(4).weight(3),
            server(5).weight(9).state(Endpoint.State.DRAINING)
        };
    }

    @ParameterizedTest
    @MethodSource("policies")
    void followsWeightsAndLeavesOutWhoDrainsOrHasNone(String policy) {
        start(policy, Map.of(), weighted());
        Prediction prediction = agrees("", FakeCall.PLAIN);
        assertThat(calls(prediction.before())).containsEntry(3, 0).containsEntry(5, 0);
        assertThat(prediction.steps())
                .contains("drain and weight 0: 2 of 5 servers left out", "policy: " + policy + " among 3 of 5 servers");
    }

    @ParameterizedTest
    @MethodSource("policies")
    void keepsCallsOfATagAmongItsServers(String policy) {
        start(
                policy,
                Map.of("tags", List.of(Map.of("key", "version", "header", "x-version"))),
                server(1).version("v1"),
                server(2).version("v2").weight(2),
                server(3).version("v2"),
                server(4));
        assertThat(agrees("header.x-version=v2", FakeCall.withHeader("x-version", "v2"))
                        .steps())
                .startsWith(
                        "tags: version=v2: 2 of 4 servers", "version=v2: policy: " + policy + " among 2 of 2 servers");
        agrees("tag.version=v1", FakeCall.with(RoutingKeys.TAGS, Map.of("version", "v1")));
        agrees("", FakeCall.PLAIN);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void dividesCallsByASplit(String policy) {
        start(
                policy,
                Map.of("tags", List.of(Map.of("key", "version", "split", Map.of("v2", 20)))),
                server(1).version("v1"),
                server(2).version("v2"),
                server(3).version("v2"),
                server(4));
        assertThat(agrees("", FakeCall.PLAIN).steps())
                .contains(
                        "tags: 20 % to version=v2 (2 ready of 2 known)",
                        "tags: 80 % to the others (2 ready of 2 known)");
    }

    @ParameterizedTest
    @MethodSource("policies")
    void keepsCallsInAZoneThatHasRoom(String policy) {
        start(policy, Map.of("zone", Map.of("own", "z1")), zoned());
        scene.fails(1);
        scene.fails(2);
        assertThat(agrees("", FakeCall.PLAIN).steps())
                .contains("zone z1: 70 % stay (2 ready of 4 known), the others leave (3 ready of 3 known)");
    }

    private static Endpoint.Builder[] zoned() {
        return IntStream.rangeClosed(1, 7)
                .mapToObj(port -> server(port).zone(port <= 4 ? "z1" : "z2"))
                .toArray(Endpoint.Builder[]::new);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void givesNewServersLess(String policy) {
        Map<String, ?> config = Map.of("slowStart", Map.of("window", "10000s"));
        start(policy, config, server(1), server(2));
        scene.balancer().forward(20_000);
        start(policy, config, server(1), server(2), server(3), server(4).weight(2));
        scene.balancer().forward(4_000);
        Prediction prediction = agrees("", FakeCall.PLAIN);
        assertThat(prediction.steps().get(0)).startsWith("slow start: 127.0.0.1:3 has 41 %, 127.0.0.1:4 has 41 %");
    }

    @ParameterizedTest
    @MethodSource("policies")
    void choosesAmongTheSubset(String policy) {
        start(policy, Map.of("subsetSize", 3), BalancerScene.servers(1, 12));
        agrees("", FakeCall.PLAIN);
        assertThat(scene.predict("", "").steps().get(0)).startsWith("subset: 3 of 12 servers connected to");
    }

    @ParameterizedTest
    @MethodSource("policies")
    void leavesOutWhoIsEjected(String policy) {
        start(policy, Map.of("outlierDetection", EJECTING), BalancerScene.servers(1, 4));
        scene.balancer().callsFail(2);
        scene.balancer().forward(1);
        Prediction prediction = agrees("", FakeCall.PLAIN);
        assertThat(calls(prediction.before())).containsEntry(2, 0);
        assertThat(prediction.steps().get(0)).isEqualTo("ejection: 1 of 4 servers left out: 127.0.0.1:2");
    }

    @ParameterizedTest
    @MethodSource("policies")
    void usesWhoIsEjectedInAPanic(String policy) {
        start(policy, Map.of("outlierDetection", EJECTING), BalancerScene.servers(1, 4));
        for (int port = 1; port <= 3; port++) {
            scene.balancer().callsFail(port);
        }
        scene.balancer().forward(1);
        IntFunction<Duration> latency =
                port -> Duration.ofSeconds(port <= 3 ? 1 : 0).plusMillis(1);
        scene.play(2_000, 1_000, latency);
        Prediction prediction = predict("", "");
        assertAgree(calls(prediction.before()), scene.play(Prediction.PICKS, 1_000, latency));
        assertThat(prediction.steps())
                .contains("panic: 1 ready of 4 known, less than 50 %: ejected ones, if any, are used as well");
    }

    @Test
    void sendsAKeyToItsOwner() {
        start("consistent_hash", Map.of(), BalancerScene.servers(1, 9));
        for (int i = 0; i < 20; i++) {
            agrees("hashKey=k" + i, FakeCall.with(RoutingKeys.HASH_KEY, "k" + i));
        }
    }

    @Test
    void sendsACallToItsServer() {
        start("round_robin", Map.of(), weighted());
        assertThat(agrees("serverId=s5", FakeCall.with(RoutingKeys.SERVER_ID, "s5"))
                        .steps())
                .startsWith("server_id s5: strict, 127.0.0.1:5 (DRAINING)");
    }

    @Test
    void staysWithTheServerThatPickFirstIsWith() {
        start("pick_first", Map.of(), server(2), server(3));
        scene.balancer().acceptReady(Map.of("policy", "pick_first"), server(1), server(2), server(3));
        assertThat(calls(agrees("", FakeCall.PLAIN).before())).containsEntry(2, Prediction.PICKS);
    }

    /** As many calls as servers of different speed have seen before. */
    @ParameterizedTest
    @ValueSource(strings = {"least_request", "peak_ewma", "round_robin", "weighted_random"})
    void followsLoad(String policy) {
        IntFunction<Duration> latency = port -> Duration.ofMillis(10L << port);
        start(policy, Map.of(), BalancerScene.servers(1, 4));
        scene.play(20_000, 120, latency);
        Prediction prediction = scene.predict("", "");
        assertAgree(calls(prediction.before()), scene.play(Prediction.PICKS, 120, latency));
        Prediction asked = scene.predict("rate=120", "");
        assertAgree(calls(asked.before()), scene.play(Prediction.PICKS, 120, latency));
        assertThat(asked.steps()).last().asString().startsWith("load: 120 calls/s as asked, 20 to 160 ms each");
    }

    @ParameterizedTest
    @ValueSource(strings = {"least_request", "peak_ewma"})
    void followsLoadAndWeights(String policy) {
        IntFunction<Duration> latency = port -> Duration.ofMillis(port == 2 ? 100 : 20);
        start(
                policy,
                Map.of(),
                server(1).weight(1),
                server(2).weight(3),
                server(3).weight(4));
        scene.play(20_000, 80, latency);
        Prediction prediction = scene.predict("", "");
        assertAgree(calls(prediction.before()), scene.play(Prediction.PICKS, 80, latency));
    }

    @ParameterizedTest
    @MethodSource("policies")
    void aChangeOfServersIsFollowedByWhatWasPredicted(String policy) {
        Map<String, ?> config = Map.of("zone", Map.of("own", "z1"));
        start(policy, config, zoned());
        scene.warmUp(FakeCall.PLAIN);
        Prediction weightless = predict("", "weight.s3=0,weight.127.0.0.1:4=7,disable.s1=");
        Prediction zoneless = predict("", "zoneGone=z1");
        scene.balancer()
                .accept(
                        with(policy, config),
                        Arrays.stream(zoned())
                                .map(Endpoint.Builder::build)
                                .filter(server -> server.port() != 1)
                                .map(server ->
                                        server.toBuilder().weight(server.port() == 3 ? 0 : server.port() == 4 ? 7 : 1))
                                .toArray(Endpoint.Builder[]::new));
        assertAgree(calls(weightless.after()), scene.make(FakeCall.PLAIN));
        scene.balancer().accept(with(policy, config), Arrays.copyOfRange(zoned(), 4, 7));
        assertAgree(calls(zoneless.after()), scene.make(FakeCall.PLAIN));
        assertThat(zoneless.failed().after()).isZero();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void anotherPolicyIsFollowedByWhatWasPredicted(String policy) {
        start("round_robin", Map.of(), weighted());
        scene.warmUp(FakeCall.PLAIN);
        Prediction prediction = predict("", "policy=" + policy);
        assertAgree(calls(prediction.before()), scene.make(FakeCall.PLAIN));
        scene.balancer().accept(with(policy, Map.of()), weighted());
        assertAgree(calls(prediction.after()), scene.make(FakeCall.PLAIN));
    }

    @ParameterizedTest
    @MethodSource("policies")
    void aServerOfTheSubsetIsStoodInFor(String policy) {
        Map<String, ?> config = Map.of("subsetSize", 3);
        Endpoint.Builder[] servers = BalancerScene.servers(1, 12);
        start(policy, config, servers);
        scene.warmUp(FakeCall.PLAIN);
        int member = scene.balancer().helper().pickPort(FakeCall.PLAIN);
        Prediction prediction = predict("", "disable.s" + member + "=");
        scene.balancer()
                .acceptReady(
                        with(policy, config),
                        Arrays.stream(servers)
                                .filter(server -> server.build().port() != member)
                                .toArray(Endpoint.Builder[]::new));
        if (!policy.equals("pick_first")) { // whose choice is kept from before the new connection
            assertAgree(calls(prediction.after()), scene.make(FakeCall.PLAIN));
        }
        assertThat(calls(prediction.after())).containsEntry(member, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"least_request", "peak_ewma"})
    void aChangeUnderLoadIsFollowedByWhatWasPredicted(String policy) {
        IntFunction<Duration> latency = port -> Duration.ofMillis(10L << port);
        start("weighted_random", Map.of(), BalancerScene.servers(1, 4));
        scene.play(20_000, 100, latency);
        Prediction prediction = scene.predict("rate=100", "policy=" + policy);
        scene.balancer().accept(Map.of("policy", policy), BalancerScene.servers(1, 4));
        assertAgree(calls(prediction.after()), scene.play(Prediction.PICKS, 100, latency));
    }
}
