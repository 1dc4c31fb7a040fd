package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers that operators have disabled, together with everything else that leaves servers out or brings them back. */
class DisabledServersTest {

    private static final String CAUSE = "disabled by ann until 2030-01-01T00:00:00Z: leaks memory";

    private static final Map<String, ?> EJECTION = Map.of(
            "interval",
            "10s",
            "maxEjectionPercent",
            100,
            "failurePercentageEjection",
            Map.of("minimumHosts", 1, "requestVolume", 10));

    private final Failures failures = new Failures();
    private final BalancerScene scene =
            new BalancerScene(NameResolver.Args.newBuilder().setArg(BalancerArgs.OBSERVER, failures));
    private final FakeHelper helper = scene.helper();

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void takeNoNewCallUnderEveryPolicyAndComeBackWithoutAConnection(String policy) {
        Map<String, ?> config = Map.of("policy", policy);
        scene.acceptReady(config, endpoint(1), endpoint(2), endpoint(3));
        int chosen = helper.pickPort(FakeCall.PLAIN);
        Endpoint.Builder[] servers = {endpoint(1), endpoint(2), endpoint(3)};
        servers[chosen - 1] = disabled(chosen);
        scene.accept(config, servers);
        assertThat(scene.ports(200)).isNotEmpty().doesNotContain(chosen);
        assertThat(helper.pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s" + chosen)))
                .isEqualTo(chosen);
        scene.accept(config, endpoint(1), endpoint(2), endpoint(3));
        helper.subchannels().stream()
                .filter(subchannel -> subchannel.port() != chosen)
                .forEach(subchannel -> subchannel.fails("gone"));
        scene.settle();
        assertThat(scene.ports(20)).containsExactly(chosen);
        assertThat(helper.subchannels()).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void takeNoNewCallWhereNobodyElseIsLeftAndTheCallSaysWhy(String policy) {
        Map<String, ?> config = Map.of("policy", policy);
        scene.acceptReady(config, disabled(1), disabled(2));
        Status status = plainFailure();
        assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(status.getDescription())
                .isEqualTo("no endpoint is ready (2 known, 2 of them disabled: " + CAUSE + ")");
        assertThat(failures.seen).containsOnly(PickObserver.Failure.DISABLED);
        assertThat(helper.pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s2"))).isEqualTo(2);
        scene.accept(config, disabled(1), endpoint(2));
        assertThat(scene.ports(20)).containsExactly(2);
    }

    @Test
    void failCallsAtOnceAlsoBeforeTheyAreConnectedTo() {
        scene.accept(disabled(1), disabled(2));
        assertThat(plainFailure().getDescription()).contains("2 of them disabled");
        helper.subchannels().get(0).ready();
        scene.settle();
        assertThat(plainFailure().getDescription()).contains("2 of them disabled");
        helper.subchannels().forEach(subchannel -> subchannel.fails("refused"));
        scene.settle();
        assertThat(plainFailure().getDescription())
                .isEqualTo("no endpoint is ready (2 known, 2 of them disabled: " + CAUSE + ")");
    }

    @Test
    void haveNoCallWaitForThem() {
        scene.accept(endpoint(1), disabled(2));
        assertThat(helper.pick(FakeCall.PLAIN).hasResult()).as("for the first").isFalse();
        helper.subchannels().get(0).fails("refused");
        scene.settle();
        assertThat(plainFailure().getDescription())
                .startsWith("no endpoint is ready (2 known, 1 of them disabled: " + CAUSE + "); 127.0.0.1:1: ")
                .contains("refused");
        assertThat(helper.state()).as("of those that take calls").isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        helper.subchannels().get(1).ready();
        scene.settle();
        assertThat(plainFailure().getDescription()).contains("127.0.0.1:1: ").contains("refused");
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        scene.accept(endpoint(1), endpoint(2));
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
        assertThat(scene.ports(10)).containsExactly(2);
        scene.accept(endpoint(1), disabled(2));
        assertThat(helper.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        helper.subchannels().get(0).ready();
        scene.settle();
        assertThat(helper.state()).isEqualTo(ConnectivityState.READY);
        scene.accept(disabled(1), disabled(2));
        assertThat(helper.state()).as("where all are disabled").isEqualTo(ConnectivityState.READY);
    }

    @Test
    void tellOfSeveralCausesAndNotOfAll() {
        scene.acceptReady(
                disabled(1, "cause a"),
                disabled(2, "cause b"),
                disabled(3, "cause a"),
                disabled(4, "cause c"),
                disabled(5, "cause d"));
        assertThat(plainFailure().getDescription())
                .isEqualTo("no endpoint is ready (5 known, 5 of them disabled: cause a; cause b; cause c; and 1 more)");
    }

    @Test
    void giveWayToThoseThatDrainOrHaveNoWeight() {
        scene.acceptReady(disabled(1), endpoint(2).state(Endpoint.State.DRAINING));
        assertThat(scene.ports(20)).containsExactly(2);
        scene.accept(disabled(1).weight(1_000), endpoint(2).weight(0));
        assertThat(scene.ports(20)).containsExactly(2);
        for (String policy : policies()) {
            scene.accept(Map.of("policy", policy), disabled(1), endpoint(2).weight(0));
            assertThat(scene.ports(20)).as(policy).containsExactly(2);
        }
    }

    @Test
    void losePreferredCallsToOthers() {
        Map<String, ?> config = Map.of("serverId", Map.of("mode", "fallback"));
        scene.acceptReady(config, disabled(1), endpoint(2));
        assertThat(helper.pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s1"))).isEqualTo(2);
    }

    @Test
    void leaveTheirTagToNobodyOrToAllAsTheRuleSays() {
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        Map<String, ?> strict = Map.of("tags", List.of(Map.of("key", "version", "header", "x-version")));
        scene.acceptReady(
                strict,
                endpoint(1).version("v1"),
                disabled(2).version("v2"),
                disabled(3).version("v2"));
        assertThat(helper.pick(v2).getStatus().getDescription())
                .isEqualTo("no endpoint is ready (2 known, 2 of them disabled: " + CAUSE + ")");
        assertThat(scene.ports(40)).containsExactly(1);
        Map<String, ?> falling =
                Map.of("tags", List.of(Map.of("key", "version", "header", "x-version", "fallback", true)));
        scene.accept(
                falling,
                endpoint(1).version("v1"),
                disabled(2).version("v2"),
                disabled(3).version("v2"));
        assertThat(scene.ports(v2, 40)).containsExactly(1);
        scene.accept(
                falling,
                endpoint(1).version("v1"),
                endpoint(2).version("v2"),
                disabled(3).version("v2"));
        assertThat(scene.ports(v2, 40)).containsExactly(2);
    }

    @Test
    void haveTheirShareOfASplitGoToAll() {
        Map<String, ?> config = Map.of("tags", List.of(Map.of("key", "version", "split", Map.of("v2", 50))));
        scene.acceptReady(config, endpoint(1).version("v1"), disabled(2).version("v2"));
        assertThat(scene.ports(100)).containsExactly(1);
    }

    @Test
    void countNotAsRoomOfTheirZone() {
        Map<String, ?> config = Map.of("policy", "random", "zone", Map.of("own", "a", "overprovisioningFactor", 1.0));
        scene.acceptReady(
                config,
                endpoint(1).zone("a"),
                endpoint(2).zone("a"),
                endpoint(3).zone("b"),
                endpoint(4).zone("b"));
        assertThat(scene.ports(100)).containsExactly(1, 2);
        scene.accept(
                config,
                endpoint(1).zone("a"),
                disabled(2).zone("a"),
                endpoint(3).zone("b"),
                endpoint(4).zone("b"));
        assertThat(scene.ports(200))
                .as("who is left has room for what is meant for it, as when one drains")
                .containsExactly(1);
        scene.accept(
                config,
                disabled(1).zone("a"),
                disabled(2).zone("a"),
                endpoint(3).zone("b"),
                endpoint(4).zone("b"));
        assertThat(scene.ports(200)).containsExactly(3, 4);
        scene.accept(
                config,
                endpoint(1).zone("a").weight(0),
                disabled(2).zone("a").weight(0),
                endpoint(3).zone("b").weight(0),
                endpoint(4).zone("b").weight(0));
        assertThat(scene.ports(200)).containsExactly(1);
        scene.accept(
                config,
                endpoint(1).zone("a"),
                disabled(2).zone("a"),
                disabled(3).zone("b"),
                disabled(4).zone("b"));
        assertThat(scene.ports(200)).containsExactly(1);
    }

    @Test
    void areNotBroughtBackByPanicNorCauseIt() {
        scene.acceptReady(
                Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), disabled(3), disabled(4), disabled(5));
        assertThat(scene.state().panicking()).isEmpty();
        assertThat(scene.ports(100)).containsExactly(1, 2);
        helper.subchannels().get(1).fails("gone");
        scene.settle();
        assertThat(scene.state().panicking()).as("1 of 2 are usable").isEmpty();
        Map<String, ?> config = Map.of("outlierDetection", EJECTION, "panicThreshold", 80);
        helper.subchannels().get(1).ready();
        scene.accept(config, endpoint(1), endpoint(2), disabled(3), disabled(4), disabled(5));
        scene.callsFail(1);
        scene.forward(10);
        assertThat(scene.state().panicking()).containsExactly("");
        assertThat(scene.ports(100)).containsExactly(1, 2);
    }

    @Test
    void areNotEjectedAndLetTheLastOtherOneStay() {
        scene.acceptReady(Map.of("outlierDetection", EJECTION, "panicThreshold", 0), endpoint(1), disabled(2));
        scene.callsFail(1);
        scene.callsFail(2);
        scene.forward(10);
        assertThat(scene.state().ejected()).isEmpty();
        assertThat(scene.ports(20)).containsExactly(1);
    }

    @Test
    void leaveTheEjectedOnesToTakeCallsWhereThereIsNobodyElse() {
        Map<String, ?> config = Map.of("outlierDetection", EJECTION, "panicThreshold", 0);
        scene.acceptReady(config, endpoint(1), endpoint(2));
        scene.callsFail(1);
        scene.forward(10);
        assertThat(scene.ports(20)).containsExactly(2);
        scene.accept(config, endpoint(1), disabled(2));
        assertThat(scene.ports(20)).containsExactly(1);
    }

    @Test
    void areNotConnectedToForASubsetButForACallThatNamesThem() {
        Map<String, ?> config = Map.of("subsetSize", 1);
        scene.accept(config, disabled(1), disabled(2), endpoint(3));
        assertThat(helper.subchannels()).extracting(each -> each.port()).containsExactly(3);
        helper.subchannels().get(0).ready();
        scene.settle();
        assertThat(scene.ports(20)).containsExactly(3);
        helper.pick(FakeCall.with(RoutingKeys.SERVER_ID, "s1"));
        assertThat(helper.subchannels()).extracting(each -> each.port()).containsExactly(3, 1);
        helper.subchannels().get(1).ready();
        scene.settle();
        assertThat(helper.pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s1"))).isEqualTo(1);
        assertThat(scene.ports(20)).containsExactly(3);
    }

    @Test
    void haveOthersConnectedToInTheirPlaceOfASplit() {
        Map<String, ?> config =
                Map.of("subsetSize", 1, "tags", List.of(Map.of("key", "version", "split", Map.of("v2", 0))));
        scene.acceptReady(config, disabled(1).version("v1"), endpoint(2).version("v2"));
        assertThat(scene.ports(20)).containsExactly(2);
    }

    @Test
    void failCallsOfASubsetToo() {
        for (String policy : policies()) {
            scene.accept(Map.of("subsetSize", 1, "policy", policy), disabled(1), disabled(2));
            assertThat(plainFailure().getDescription()).as(policy).contains("2 of them disabled");
        }
        assertThat(helper.subchannels()).isEmpty();
    }

    @Test
    void keepTheKeysOfOthersWhereTheyAre() {
        for (String algorithm : List.of("ring", "maglev")) {
            Map<String, ?> config =
                    Map.of("policy", "consistent_hash", "options", Map.of("algorithm", algorithm, "minRingSize", 4096));
            scene.acceptReady(config, endpoint(1), endpoint(2), endpoint(3));
            Map<String, Integer> before = owners();
            scene.accept(config, endpoint(1), disabled(2), endpoint(3));
            Map<String, Integer> now = owners();
            before.forEach((key, port) -> {
                if (port == 2) {
                    assertThat(now.get(key)).isNotEqualTo(2);
                } else {
                    assertThat(now.get(key)).as(key).isEqualTo(port);
                }
            });
            scene.accept(config, endpoint(1), endpoint(2), endpoint(3));
            assertThat(owners()).isEqualTo(before);
        }
    }

    @Test
    void doNotMakeAnotherOneNewForTheSlowStart() {
        Map<String, ?> config = Map.of("slowStart", Map.of("window", "20s"), "policy", "random");
        scene.acceptReady(config, endpoint(1), endpoint(2));
        scene.forward(20);
        scene.accept(config, disabled(1), endpoint(2));
        assertThat(scene.ports(50)).containsExactly(2);
        scene.accept(config, endpoint(1), endpoint(2));
        assertThat(scene.count(1, 2_000)).as("its connection was never lost").isBetween(850, 1_150);
    }

    @Test
    void areShownAndCountedAsSuch() {
        LiveEndpoints live = new LiveEndpoints();
        BalancerScene shown = new BalancerScene(NameResolver.Args.newBuilder()
                .setArg(BalancerArgs.OBSERVER, failures)
                .setArg(BalancerArgs.LIVE_ENDPOINTS, live));
        shown.acceptReady(disabled(1).weight(5), endpoint(2));
        assertThat(live.endpoints("svc"))
                .extracting(LiveEndpoints.Live::state)
                .containsExactly(EndpointState.DISABLED, EndpointState.READY);
        assertThat(live.endpoints("svc")).extracting(LiveEndpoints.Live::weight).containsExactly(0.0, 1.0);
        assertThat(failures.counts).isEqualTo(new EndpointCounts(1, 0, 0, 0, 0, 0, 0, 1));
    }

    private Map<String, Integer> owners() {
        Map<String, Integer> owners = new HashMap<>();
        for (int i = 0; i < 300; i++) {
            owners.put("k" + i, helper.pickPort(FakeCall.with(RoutingKeys.HASH_KEY, "k" + i)));
        }
        return owners;
    }

    private Status plainFailure() {
        PickResult result = helper.pick(FakeCall.PLAIN);
        assertThat(result.hasResult()).isTrue();
        assertThat(result.isDrop())
                .as("the override ends, so that a call may wait")
                .isFalse();
        assertThat(result.getStatus().isOk()).isFalse();
        return result.getStatus();
    }

    private static Endpoint.Builder disabled(int number) {
        return disabled(number, CAUSE);
    }

    private static Endpoint.Builder disabled(int number, String cause) {
        return endpoint(number)
                .state(Endpoint.State.DISABLED)
                .overridden(new Endpoint.Overridden(1, Endpoint.State.UP, List.of(cause)));
    }

    private static final class Failures implements PickObserver {

        private final List<Failure> seen = new ArrayList<>();
        private EndpointCounts counts = EndpointCounts.NONE;

        @Override
        public void pickFailed(String service, String policy, Failure failure) {
            seen.add(failure);
        }

        @Override
        public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
            counts = now;
        }
    }
}
