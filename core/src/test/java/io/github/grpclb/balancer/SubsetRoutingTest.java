package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.SubsetClient.SIZE;
import static io.github.grpclb.balancer.SubsetClient.endpoints;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.grpc.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A channel that connects to a subset, with calls that name a server, a tag, a zone or a key. */
class SubsetRoutingTest {

    private static final Map<String, ?> BY_VERSION = Map.of("key", "version", "header", "x-version");

    private final SubsetClient client = new SubsetClient();

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void aCallThatNamesAServerReachesItWhereverItIs(String policy) {
        client.start(Map.of("policy", policy), endpoints(20));
        for (int port = 1; port <= 20; port++) {
            assertThat(client.settledPort(FakeCall.with(RoutingKeys.SERVER_ID, "s" + port)))
                    .isEqualTo(port);
        }
        Set<Integer> members = client.ports(FakeCall.PLAIN, 400);
        assertThat(members.size()).isLessThanOrEqualTo(SIZE);
        client.forward(130);
        assertThat(client.connected()).hasSize(SIZE).containsAll(members);
        int outside = client.outside();
        assertThat(client.settledPort(FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside)))
                .isEqualTo(outside);
    }

    @Test
    void aConnectionOutsideTheSubsetStaysWhileItIsUsed() {
        client.start(Map.of(), endpoints(20));
        int outside = client.outside();
        FakeCall call = FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside);
        assertThat(client.settledPort(call)).isEqualTo(outside);
        for (int i = 0; i < 20; i++) {
            client.call(call);
            client.forward(30);
        }
        assertThat(client.helper().subchannels()).hasSize(SIZE + 1);
        client.helper()
                .onPublish(() -> assertThat(client.helper().subchannel(outside).isShutdown())
                        .isFalse());
        client.forward(130);
        assertThat(client.helper().subchannel(outside).isShutdown()).isTrue();
        assertThat(client.helper().clock().pending())
                .as("the dropped connection's age")
                .isLessThanOrEqualTo(1);
    }

    @Test
    void aCallForAServerOutsideThatCannotBeReachedFails() {
        client.start(Map.of(), endpoints(20));
        int outside = client.outside();
        client.kill(outside);
        client.pick(FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside));
        client.settle();
        Status failure =
                client.pick(FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside)).getStatus();
        assertThat(failure.getDescription()).contains("server_id: no ready endpoint with id 's" + outside, "gone");
        client.start(Map.of("serverId", Map.of("mode", "fallback")), endpoints(20));
        assertThat(client.connected())
                .contains(client.helper().pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside)));
    }

    @ParameterizedTest
    @MethodSource("policies")
    void aCallThatNamesATagReachesServersOfItUnderEveryPolicy(String policy) {
        for (boolean fallback : List.of(false, true)) {
            SubsetClient each = new SubsetClient();
            Map<String, Object> rule = new HashMap<>(BY_VERSION);
            rule.put("fallback", fallback);
            each.start(
                    Map.of("policy", policy, "tags", List.of(rule)),
                    endpoints(40, one -> one.version(one.build().port() > 34 ? "v2" : "v1")));
            FakeCall v2 = FakeCall.withHeader("x-version", "v2");
            assertThat(each.settledPort(v2)).isGreaterThan(34);
            Set<Integer> seen = each.ports(v2, 400);
            assertThat(seen).allMatch(port -> port > 34).hasSizeLessThanOrEqualTo(SIZE);
            if (!policy.equals("pick_first") && !policy.equals("consistent_hash")) {
                assertThat(seen).hasSize(SIZE);
            }
            assertThat(each.pick(FakeCall.withHeader("x-version", "v9")).isDrop())
                    .isEqualTo(!fallback);
        }
    }

    @Test
    void aCallFallsBackWhereTheServersOfItsTagCannotBeReached() {
        Map<String, Object> rule = new HashMap<>(BY_VERSION);
        rule.put("fallback", true);
        client.start(
                Map.of("tags", List.of(rule)),
                endpoints(60, one -> one.version(one.build().port() > 40 ? "v2" : "v1")));
        client.kill(41, 60);
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        client.pick(v2);
        client.breakDead();
        // the first pick had the first members connected to, and each that failed is stood in for at the next
        for (int i = 0; i < 2 * SIZE; i++) {
            client.pick(v2);
            client.settle();
        }
        assertThat(client.ports(v2, 40)).allMatch(port -> port <= 40);
    }

    @Test
    void callsThatWaitForTheirZoneWakeNoOther() {
        client.start(
                Map.of("zone", Map.of("own", "a")),
                endpoints(40, one -> one.zone(one.build().port() > 34 ? "a" : "b")),
                () -> client.pick(FakeCall.PLAIN));
        assertThat(client.helper().subchannels()).hasSize(SIZE).allMatch(each -> each.port() > 34);
    }

    @Test
    void aTagsServersStayConnectedWhileCallsNameIt() {
        client.start(
                Map.of("tags", List.of(BY_VERSION), "policy", "pick_first"),
                endpoints(40, one -> one.version(one.build().port() > 30 ? "v2" : "v1")));
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        client.settledPort(v2);
        int made = client.helper().subchannels().size();
        for (int i = 0; i < 20; i++) {
            client.call(v2);
            client.forward(30);
        }
        assertThat(client.helper().subchannels()).hasSize(made);
        client.forward(130);
        assertThat(client.connected()).hasSize(SIZE);
        assertThat(client.settledPort(v2)).isGreaterThan(30);
    }

    @Test
    void aCanaryHasItsShare() {
        Map<String, Object> rule = new HashMap<>(BY_VERSION);
        rule.put("split", Map.of("v2", 10));
        client.start(
                Map.of("tags", List.of(rule)),
                endpoints(40, one -> one.version(one.build().port() == 40 ? "v2" : "v1")));
        assertThat(client.connected()).hasSize(SIZE + 1).contains(40);
        int canary = client.count(40, 4_000);
        assertThat(canary).isBetween(250, 550);
    }

    @Test
    void aZonesCallsStayInItAndLeaveItWhenItsServersAreGone() {
        client.start(
                Map.of("zone", Map.of("own", "a")),
                endpoints(40, one -> one.zone(one.build().port() > 34 ? "a" : "b")));
        assertThat(client.connected()).hasSize(SIZE).allMatch(port -> port > 34);
        assertThat(client.ports(FakeCall.PLAIN, 400)).isEqualTo(client.connected());
        client.kill(35, 40);
        client.breakDead();
        assertThat(client.ports(FakeCall.PLAIN, 400)).hasSize(SIZE).allMatch(port -> port <= 34);
    }

    @Test
    void clientsAgreeOnTheServerOfAKey() {
        Map<String, ?> config = Map.of("policy", "consistent_hash", "slowStart", Map.of("window", "30s"));
        SubsetClient other = new SubsetClient();
        client.start(config, endpoints(20));
        other.start(config, endpoints(20));
        Set<Integer> owners = new TreeSet<>();
        for (int i = 0; i < 200; i++) {
            FakeCall call = FakeCall.with(RoutingKeys.HASH_KEY, "user-" + i);
            int owner = client.settledPort(call);
            owners.add(owner);
            assertThat(other.settledPort(call)).isEqualTo(owner);
        }
        assertThat(owners).hasSizeGreaterThan(15);

        // and also where the owner cannot be reached
        int dead = owners.iterator().next();
        for (SubsetClient each : List.of(client, other)) {
            each.kill(dead);
            each.breakDead();
        }
        for (int i = 0; i < 200; i++) {
            FakeCall call = FakeCall.with(RoutingKeys.HASH_KEY, "user-" + i);
            assertThat(client.settledPort(call)).isNotEqualTo(dead).isEqualTo(other.settledPort(call));
        }
    }

    @Test
    void callsWithoutAKeyWakeNobody() {
        client.start(Map.of("policy", "consistent_hash"), endpoints(20));
        assertThat(client.ports(FakeCall.PLAIN, 1_000)).isEqualTo(client.connected());
        assertThat(client.helper().subchannels()).hasSize(SIZE);
    }
}
