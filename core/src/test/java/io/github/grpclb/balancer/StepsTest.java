package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The steps in their order, in a balancer with fake connections and fake time. */
class StepsTest {

    private static final Map<String, ?> EJECTION = Map.of(
            "interval",
            "10s",
            "maxEjectionPercent",
            40,
            "failurePercentageEjection",
            Map.of("minimumHosts", 1, "requestVolume", 10));

    private final BalancerScene scene = new BalancerScene();
    private final FakeHelper helper = scene.helper();

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void leavesAnEjectedServerOutUnderEveryPolicyAndLetsItBack(String policy) {
        Map<String, ?> config = Map.of("policy", policy, "outlierDetection", EJECTION, "panicThreshold", 0);
        scene.acceptReady(config, endpoint(1), endpoint(2), endpoint(3));
        int chosen = helper.pickPort(FakeCall.PLAIN);
        scene.callsFail(chosen);
        scene.forward(10);
        assertThat(scene.state().ejected()).extracting(Endpoint.Identity::name).containsExactly("s" + chosen);
        assertThat(scene.ports(200)).isNotEmpty().doesNotContain(chosen);
        scene.forward(33);
        assertThat(scene.state().ejected()).isEmpty();
        assertThat(helper.subchannels()).hasSize(3);
        leaveOnly(chosen);
        assertThat(scene.ports(20)).containsExactly(chosen);
    }

    @Test
    void sendsACallThatIsBoundToAnEjectedServerThere() {
        scene.acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        scene.callsFail(1);
        scene.forward(10);
        assertThat(scene.ports(20)).containsExactlyInAnyOrder(2, 3);
        assertThat(helper.pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s1"))).isEqualTo(1);
    }

    /** The end of a canary's rollout: nobody is left without a share of his own. */
    @Test
    void splitsWhereEveryServerHasAShare() {
        Map<String, ?> config = Map.of("tags", List.of(Map.of("key", "version", "split", Map.of("v2", 5))));
        scene.acceptReady(config, endpoint(1).version("v1"), endpoint(2).version("v2"));
        assertThat(scene.ports(200)).containsExactlyInAnyOrder(1, 2);
        scene.accept(config, endpoint(1).version("v2"), endpoint(2).version("v2"));
        assertThat(scene.ports(200)).containsExactlyInAnyOrder(1, 2);
        scene.accept(config, endpoint(2).version("v2"));
        assertThat(scene.ports(20)).containsExactly(2);
    }

    @Test
    void ejectsHoweverOftenWeightsAndPoliciesChange() {
        scene.acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        scene.callsFail(1);
        for (int i = 0; i < 101; i++) {
            helper.clock().forward(Duration.ofMillis(100));
            scene.accept(
                    Map.of("outlierDetection", EJECTION, "policy", i % 2 == 0 ? "random" : "weighted_random"),
                    endpoint(1).weight(i + 1),
                    endpoint(2),
                    endpoint(3));
        }
        assertThat(scene.ports(50)).containsExactlyInAnyOrder(2, 3);
    }

    @Test
    void remembersAnEjectionOverAnIdleTime() {
        scene.acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        scene.callsFail(1);
        scene.forward(10);
        scene.shutdown();
        assertThat(helper.clock().pending()).isZero();
        scene.wakeUp();
        scene.acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        assertThat(scene.ports(50)).containsExactlyInAnyOrder(2, 3);
    }

    @Test
    void letsAllBackWhereOutliersAreDetectedNoMore() {
        scene.acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        scene.callsFail(1);
        scene.forward(10);
        scene.accept(Map.of(), endpoint(1), endpoint(2), endpoint(3));
        assertThat(scene.ports(50)).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(scene.state().ejected()).isEmpty();
    }

    @Test
    void usesEjectedServersWhereTooFewWouldBeLeft() {
        Map<String, ?> config = Map.of("outlierDetection", with(EJECTION, "maxEjectionPercent", 100));
        scene.acceptReady(config, endpoint(1), endpoint(2), endpoint(3), endpoint(4));
        scene.callsFail(1);
        scene.callsFail(2);
        scene.forward(10);
        assertThat(scene.ports(100)).containsExactlyInAnyOrder(3, 4);
        scene.callsFail(3);
        scene.forward(10);
        assertThat(scene.state().panicking()).containsExactly("");
        assertThat(scene.ports(100)).containsExactlyInAnyOrder(1, 2, 3, 4);
    }

    @Test
    void takesTheServerOutBeforeTagsAndZonesDivideTheRest() {
        Map<String, ?> config = Map.of(
                "outlierDetection",
                EJECTION,
                "tags",
                List.of(Map.of("key", "version", "header", "x-version")),
                "zone",
                Map.of("own", "a"));
        scene.acceptReady(
                config,
                endpoint(1).version("v1").zone("a"),
                endpoint(2).version("v2").zone("a"),
                endpoint(3).version("v2").zone("a"),
                endpoint(4).version("v2").zone("b"));
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        assertThat(scene.ports(v2, 100)).containsExactlyInAnyOrder(2, 3);
        assertThat(scene.ports(100)).containsExactlyInAnyOrder(1, 2, 3);
        scene.callsFail(2);
        scene.forward(10);
        assertThat(scene.ports(v2, 200)).containsExactlyInAnyOrder(3, 4);
        assertThat(helper.subchannels()).hasSize(4);
    }

    @Test
    void keepsTheTurnOfEachPartOfTheServersApart() {
        Map<String, ?> config = Map.of("tags", List.of(Map.of("key", "version", "header", "x-version")));
        scene.acceptReady(
                config,
                endpoint(1).version("v1"),
                endpoint(2).version("v1"),
                endpoint(3).version("v2"),
                endpoint(4).version("v2"));
        FakeCall v1 = FakeCall.withHeader("x-version", "v1");
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        for (int i = 0; i < 10; i++) {
            int first = helper.pickPort(v1);
            helper.pickPort(v2);
            assertThat(helper.pickPort(v1)).isEqualTo(3 - first);
            helper.pickPort(v2);
        }
    }

    @Test
    void forgetsThePoliciesOfServersThatAreNoMore() {
        List<Policy> made = new ArrayList<>();
        BalancerScene counting = new BalancerScene(new PolicyTable(
                Map.of("round_robin", options -> {
                    made.add(Policies.with(List.of()).create("round_robin", options));
                    return made.get(made.size() - 1);
                }),
                List.of(),
                List.of()));
        Map<String, ?> config = Map.of("tags", List.of(Map.of("key", "version")));
        counting.acceptReady(config, endpoint(1).version("v1"));
        counting.accept(config, endpoint(1).version("v1").weight(2));
        assertThat(made).as("one for all and one for v1").hasSize(2);
        counting.accept(config, endpoint(1).version("v2"));
        counting.accept(config, endpoint(1).version("v1"));
        assertThat(made).hasSize(4);
    }

    @Test
    void warmsAServerUpAfterItsEjection() {
        Map<String, ?> config =
                Map.of("outlierDetection", EJECTION, "slowStart", Map.of("window", "20s"), "policy", "random");
        scene.acceptReady(config, endpoint(1), endpoint(2), endpoint(3));
        scene.forward(20);
        assertThat(scene.count(1, 3_000)).isBetween(850, 1_150);
        scene.callsFail(1);
        scene.forward(10);
        assertThat(scene.count(1, 3_000)).isZero();
        while (!scene.state().ejected().isEmpty()) {
            helper.clock().forward(Duration.ofMillis(100));
        }
        assertThat(scene.count(1, 3_000)).isBetween(80, 220);
        scene.forward(10);
        assertThat(scene.count(1, 3_000)).isBetween(480, 720);
        scene.forward(11);
        assertThat(scene.count(1, 3_000)).isBetween(850, 1_150);
    }

    @Test
    void schedulesNothingAndPublishesNothingWhereNothingIsConfigured() {
        scene.acceptReady(Map.of(), endpoint(1), endpoint(2));
        int published = helper.published();
        assertThat(helper.clock().pending()).isZero();
        scene.forward(600);
        assertThat(helper.published()).isEqualTo(published);
    }

    @Test
    void publishesNothingWhileTimeChangesNothing() {
        scene.acceptReady(
                Map.of("outlierDetection", EJECTION, "slowStart", Map.of("window", "5s")), endpoint(1), endpoint(2));
        scene.forward(6);
        int published = helper.published();
        scene.forward(600);
        assertThat(helper.published()).isEqualTo(published);
        assertThat(helper.clock().pending()).isEqualTo(1);
    }

    private void leaveOnly(int port) {
        helper.subchannels().stream()
                .filter(subchannel -> subchannel.port() != port)
                .forEach(subchannel -> subchannel.fails("gone"));
        scene.settle();
    }

    private static Map<String, ?> with(Map<String, ?> map, String key, Object value) {
        Map<String, Object> more = new HashMap<>(map);
        more.put(key, value);
        return more;
    }
}
