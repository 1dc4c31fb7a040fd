package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.Attributes;
import io.grpc.ClientStreamTracer.StreamInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.Metadata;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A channel that connects to a subset of the servers, with each of what else has a say in where a call goes. */
class SubsetTest {

    private static final int SIZE = 4;
    private static final Map<String, ?> BY_VERSION = Map.of("key", "version", "header", "x-version");

    private final Client client = new Client();

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void callsGoToTheSubsetAloneUnderEveryPolicy(String policy) {
        client.start(Map.of("policy", policy), endpoints(20));
        assertThat(client.connected()).hasSize(SIZE);
        assertThat(client.connected()).containsAll(client.ports(FakeCall.PLAIN, 400));
        if (!policy.equals("pick_first")) {
            assertThat(client.ports(FakeCall.PLAIN, 400)).hasSize(SIZE);
        }
        client.forward(600);
        assertThat(client.helper.subchannels()).hasSize(SIZE);
        assertThat(client.helper.clock().pending()).isZero();
    }

    @Test
    void allAreConnectedToWhereTheSubsetIsNotSmallerThanTheList() {
        client.start(Map.of(), endpoints(SIZE));
        assertThat(client.ports(FakeCall.PLAIN, 40)).containsExactlyInAnyOrder(1, 2, 3, 4);
    }

    @Test
    void channelsDrawEachItsOwnSubsetAndKeepItOverAnIdleTime() {
        Set<Set<Integer>> drawn = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            Client other = new Client();
            other.start(Map.of(), endpoints(20));
            drawn.add(other.connected());
            Set<Integer> before = other.connected();
            other.helper.inSyncContext(other.balancer::shutdown);
            other.balancer = new PolicyLoadBalancer(other.helper, other.memory);
            other.start(Map.of(), endpoints(20));
            assertThat(other.connected()).isEqualTo(before);
        }
        assertThat(drawn).hasSizeGreaterThan(5);
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
        assertThat(client.helper.subchannels()).hasSize(SIZE + 1);
        client.helper.onPublish(
                () -> assertThat(client.helper.subchannel(outside).isShutdown()).isFalse());
        client.forward(130);
        assertThat(client.helper.subchannel(outside).isShutdown()).isTrue();
        assertThat(client.helper.clock().pending())
                .as("the dropped connection's age")
                .isLessThanOrEqualTo(1);
    }

    @Test
    void aCallForAServerOutsideThatCannotBeReachedFails() {
        client.start(Map.of(), endpoints(20));
        int outside = client.outside();
        client.dead.add(outside);
        client.helper.pick(FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside));
        client.settle();
        Status failure = client.helper
                .pick(FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside))
                .getStatus();
        assertThat(failure.getDescription()).contains("server_id: no ready endpoint with id 's" + outside, "gone");
        client.start(Map.of("serverId", Map.of("mode", "fallback")), endpoints(20));
        assertThat(client.connected())
                .contains(client.helper.pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s" + outside)));
    }

    @ParameterizedTest
    @MethodSource("policies")
    void aCallThatNamesATagReachesServersOfItUnderEveryPolicy(String policy) {
        for (boolean fallback : List.of(false, true)) {
            Client each = new Client();
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
            assertThat(each.helper.pick(FakeCall.withHeader("x-version", "v9")).isDrop())
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
        for (int port = 41; port <= 60; port++) {
            client.dead.add(port);
        }
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        client.helper.pick(v2);
        client.breakDead();
        // the first pick had the first members connected to, and each that failed is stood in for at the next
        for (int i = 0; i < 2 * SIZE; i++) {
            client.helper.pick(v2);
            client.settle();
        }
        assertThat(client.ports(v2, 40)).allMatch(port -> port <= 40);
    }

    @Test
    void callsThatWaitForTheirZoneWakeNoOther() {
        client.start(
                Map.of("zone", Map.of("own", "a")),
                endpoints(40, one -> one.zone(one.build().port() > 34 ? "a" : "b")),
                () -> client.helper.pick(FakeCall.PLAIN));
        assertThat(client.helper.subchannels()).hasSize(SIZE).allMatch(each -> each.port() > 34);
    }

    @Test
    void aTagsServersStayConnectedWhileCallsNameIt() {
        client.start(
                Map.of("tags", List.of(BY_VERSION), "policy", "pick_first"),
                endpoints(40, one -> one.version(one.build().port() > 30 ? "v2" : "v1")));
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        client.settledPort(v2);
        int made = client.helper.subchannels().size();
        for (int i = 0; i < 20; i++) {
            client.call(v2);
            client.forward(30);
        }
        assertThat(client.helper.subchannels()).hasSize(made);
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
        long canary = IntStream.range(0, 4_000)
                .filter(i -> client.helper.pickPort(FakeCall.PLAIN) == 40)
                .count();
        assertThat(canary).isBetween(250L, 550L);
    }

    @Test
    void aZonesCallsStayInItAndLeaveItWhenItsServersAreGone() {
        client.start(
                Map.of("zone", Map.of("own", "a")),
                endpoints(40, one -> one.zone(one.build().port() > 34 ? "a" : "b")));
        assertThat(client.connected()).hasSize(SIZE).allMatch(port -> port > 34);
        assertThat(client.ports(FakeCall.PLAIN, 400)).isEqualTo(client.connected());
        for (int port = 35; port <= 40; port++) {
            client.dead.add(port);
        }
        client.breakDead();
        assertThat(client.ports(FakeCall.PLAIN, 400)).hasSize(SIZE).allMatch(port -> port <= 34);
    }

    @Test
    void clientsAgreeOnTheServerOfAKey() {
        Map<String, ?> config = Map.of("policy", "consistent_hash", "slowStart", Map.of("window", "30s"));
        Client other = new Client();
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
        for (Client each : List.of(client, other)) {
            each.dead.add(dead);
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
        assertThat(client.helper.subchannels()).hasSize(SIZE);
    }

    @Test
    void aMemberThatCannotBeReachedIsStoodInForUntilItReturns() {
        client.start(Map.of(), endpoints(20));
        Set<Integer> before = client.connected();
        int dead = before.iterator().next();
        client.dead.add(dead);
        client.breakDead();
        Set<Integer> now = client.ports(FakeCall.PLAIN, 40);
        assertThat(now).hasSize(SIZE).doesNotContain(dead);
        client.dead.clear();
        client.settle();
        assertThat(client.ports(FakeCall.PLAIN, 40)).isEqualTo(before);
        client.forward(130);
        assertThat(client.connected()).isEqualTo(before);
    }

    @Test
    void callsFailWhereTwiceTheSubsetCannotBeReached() {
        for (int port = 1; port <= 20; port++) {
            client.dead.add(port);
        }
        client.start(Map.of(), endpoints(20));
        assertThat(client.helper.subchannels()).hasSize(2 * SIZE);
        PickResult failure = client.helper.pick(FakeCall.PLAIN);
        assertThat(failure.getStatus().getDescription()).contains("no endpoint is ready (20 known)", "gone");
        client.dead.clear();
        client.settle();
        assertThat(client.ports(FakeCall.PLAIN, 40)).hasSize(SIZE);
    }

    @Test
    void membersThatDrainOrLoseTheirWeightAreReplaced() {
        client.start(Map.of(), endpoints(20));
        Set<Integer> before = client.connected();
        List<Integer> some = List.copyOf(before);
        client.start(Map.of(), endpoints(20, one -> {
            int port = one.build().port();
            return port == some.get(0) ? one.weight(0) : port == some.get(1) ? one.state(Endpoint.State.DRAINING) : one;
        }));
        assertThat(client.ports(FakeCall.PLAIN, 40))
                .hasSize(SIZE)
                .contains(some.get(2), some.get(3))
                .doesNotContain(some.get(0), some.get(1));
        client.start(Map.of(), endpoints(20, one -> one.state(Endpoint.State.DRAINING)));
        assertThat(client.ports(FakeCall.PLAIN, 40)).hasSizeGreaterThanOrEqualTo(SIZE);
    }

    @Test
    void aListThatChangesMovesFew() {
        client.start(Map.of(), endpoints(20));
        Set<Integer> before = client.connected();
        int gone = before.iterator().next();
        client.start(Map.of(), endpoints(20, one -> one.weight(7)));
        assertThat(client.helper.subchannels()).hasSize(SIZE);
        List<Endpoint.Builder> rest = endpoints(19, one -> one);
        rest.removeIf(one -> one.build().port() == gone);
        client.start(Map.of(), rest);
        Set<Integer> stayed = new HashSet<>(client.connected());
        stayed.retainAll(before);
        assertThat(client.connected()).hasSize(SIZE).doesNotContain(gone);
        assertThat(stayed.size()).isGreaterThanOrEqualTo(SIZE - 2);
    }

    @Test
    void theSizeCanChangeOnALiveChannel() {
        client.size = 2;
        client.start(Map.of(), endpoints(20));
        Set<Integer> two = client.connected();
        client.size = 6;
        client.start(Map.of(), endpoints(20));
        assertThat(client.connected()).hasSize(6).containsAll(two);
        client.size = 0;
        client.start(Map.of(), endpoints(20));
        assertThat(client.ports(FakeCall.PLAIN, 40)).hasSize(20);
        client.size = 2;
        client.start(Map.of(), endpoints(20));
        assertThat(client.ports(FakeCall.PLAIN, 40)).isEqualTo(two);
        client.forward(130);
        assertThat(client.connected()).isEqualTo(two);
    }

    @Test
    void serversThatAreNotConnectedToAreNoReasonToPanicAndNotCountedForEjections() {
        Map<String, ?> ejection = Map.of(
                "maxEjectionPercent",
                50,
                "failurePercentageEjection",
                Map.of("minimumHosts", 1, "requestVolume", 10, "threshold", 50));
        client.start(Map.of("outlierDetection", ejection), endpoints(20));
        assertThat(client.memory.state().panicking()).isEmpty();
        for (EndpointLoad load : client.loads.all()) {
            FakeServers.calls(load, 100, CallOutcome.FAILURE);
        }
        client.forward(10);
        assertThat(client.memory.state().ejected()).hasSize(SIZE / 2);
        assertThat(client.memory.state().panicking()).isEmpty();
        assertThat(client.ports(FakeCall.PLAIN, 40)).hasSize(SIZE / 2);
        assertThat(client.helper.subchannels()).hasSize(SIZE);
    }

    @Test
    void aMemberThatIsNewIsWarmedUp() {
        Map<String, ?> config = Map.of("slowStart", Map.of("window", "60s"), "policy", "random");
        client.start(config, endpoints(20));
        client.forward(61);
        int gone = client.connected().iterator().next();
        List<Endpoint.Builder> rest = endpoints(20);
        rest.removeIf(one -> one.build().port() == gone);
        Set<Integer> before = client.connected();
        client.start(config, rest);
        int fresh = client.connected().stream()
                .filter(port -> !before.contains(port))
                .findFirst()
                .orElseThrow();
        long calls = IntStream.range(0, 3_000)
                .filter(i -> client.helper.pickPort(FakeCall.PLAIN) == fresh)
                .count();
        assertThat(calls).isBetween(10L, 250L);
    }

    private static List<Endpoint.Builder> endpoints(int count) {
        return endpoints(count, one -> one);
    }

    private static List<Endpoint.Builder> endpoints(int count, UnaryOperator<Endpoint.Builder> each) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(FakeServers::endpoint)
                .map(each)
                .collect(Collectors.toList());
    }

    /** A channel over servers of which some are dead. */
    private static final class Client {

        private final Set<Integer> dead = new HashSet<>();
        private final ChannelMemory memory = new ChannelMemory(Policies.with(List.of()));
        private final EndpointLoads loads;
        private final FakeHelper helper;
        private PolicyLoadBalancer balancer;
        private int size = SIZE;

        Client() {
            FakeHelper[] made = new FakeHelper[1];
            loads = new EndpointLoads(
                    Duration.ofMinutes(5), () -> made[0].clock().nanoTime());
            made[0] = new FakeHelper(NameResolver.Args.newBuilder().setArg(BalancerArgs.LOADS, loads));
            helper = made[0];
            balancer = new PolicyLoadBalancer(helper, memory);
        }

        /** Takes a list, and lets whoever is alive answer. */
        void start(Map<String, ?> config, List<Endpoint.Builder> endpoints) {
            start(config, endpoints, () -> {});
        }

        /** Does the same, and something before any answer. */
        void start(Map<String, ?> config, List<Endpoint.Builder> endpoints, Runnable meanwhile) {
            Map<String, Object> whole = new HashMap<>(config);
            if (size > 0) {
                whole.put("subsetSize", size);
            }
            List<EquivalentAddressGroup> groups = endpoints.stream()
                    .map(Endpoint.Builder::build)
                    .map(endpoint -> new EquivalentAddressGroup(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port()),
                            Attributes.newBuilder()
                                    .set(EndpointAttributes.ENDPOINT, endpoint)
                                    .build()))
                    .toList();
            helper.inSyncContext(() -> {
                Status status = balancer.acceptResolvedAddresses(ResolvedAddresses.newBuilder()
                        .setAddresses(groups)
                        .setLoadBalancingPolicyConfig(LbConfig.parse(whole))
                        .build());
                assertThat(status.isOk()).isTrue();
            });
            meanwhile.run();
            settle();
        }

        void settle() {
            for (int made = -1; made < helper.subchannels().size(); ) {
                made = helper.subchannels().size();
                for (FakeSubchannel subchannel : List.copyOf(helper.subchannels())) {
                    if (subchannel.isShutdown()) {
                        continue;
                    }
                    if (dead.contains(subchannel.port())) {
                        subchannel.fails("gone");
                    } else {
                        subchannel.ready();
                    }
                }
                helper.clock().forward(Duration.ofMillis(5));
            }
        }

        /** Ends the connections to the dead. */
        void breakDead() {
            for (FakeSubchannel subchannel : List.copyOf(helper.subchannels())) {
                if (!subchannel.isShutdown() && dead.contains(subchannel.port())) {
                    subchannel.idle();
                }
            }
            settle();
        }

        Set<Integer> connected() {
            return helper.subchannels().stream()
                    .filter(subchannel -> !subchannel.isShutdown())
                    .map(FakeSubchannel::port)
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        int outside() {
            Set<Integer> inside = connected();
            return IntStream.rangeClosed(1, 20)
                    .filter(port -> !inside.contains(port))
                    .findFirst()
                    .orElseThrow();
        }

        /** Picks, if it must after a connection is there. */
        int settledPort(FakeCall call) {
            PickResult first = helper.pick(call);
            if (first.getSubchannel() == null) {
                assertThat(first.getStatus().isOk()).as("%s waits", first).isTrue();
            }
            settle();
            return helper.pickPort(call);
        }

        void call(FakeCall call) {
            helper.pick(call)
                    .getStreamTracerFactory()
                    .newClientStreamTracer(StreamInfo.newBuilder().build(), new Metadata());
        }

        Set<Integer> ports(FakeCall call, int calls) {
            return IntStream.range(0, calls)
                    .mapToObj(i -> helper.pickPort(call))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        void forward(int seconds) {
            helper.clock().forward(Duration.ofSeconds(seconds));
        }
    }
}
