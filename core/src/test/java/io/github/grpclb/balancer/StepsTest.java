package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

    private final ChannelMemory memory = new ChannelMemory(Policies.with(List.of()));
    private final EndpointLoads[] loads = new EndpointLoads[1];
    private final FakeHelper helper = helper();
    private PolicyLoadBalancer balancer = new PolicyLoadBalancer(helper, memory);

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void leavesAnEjectedServerOutUnderEveryPolicyAndLetsItBack(String policy) {
        Map<String, ?> config = Map.of("policy", policy, "outlierDetection", EJECTION, "panicThreshold", 0);
        acceptReady(config, endpoint(1), endpoint(2), endpoint(3));
        int chosen = helper.pickPort(FakeCall.PLAIN);
        fail(chosen);
        forward(10);
        assertThat(memory.state().ejected()).extracting(Endpoint.Identity::name).containsExactly("s" + chosen);
        assertThat(ports(200)).isNotEmpty().doesNotContain(chosen);
        forward(33);
        assertThat(memory.state().ejected()).isEmpty();
        assertThat(helper.subchannels()).hasSize(3);
        leaveOnly(chosen);
        assertThat(ports(20)).containsExactly(chosen);
    }

    @Test
    void sendsACallThatIsBoundToAnEjectedServerThere() {
        acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        fail(1);
        forward(10);
        assertThat(ports(20)).containsExactlyInAnyOrder(2, 3);
        assertThat(helper.pickPort(FakeCall.with(RoutingKeys.SERVER_ID, "s1"))).isEqualTo(1);
    }

    @Test
    void ejectsHoweverOftenWeightsAndPoliciesChange() {
        acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        fail(1);
        for (int i = 0; i < 101; i++) {
            helper.clock().forward(Duration.ofMillis(100));
            accept(
                    Map.of("outlierDetection", EJECTION, "policy", i % 2 == 0 ? "random" : "weighted_random"),
                    endpoint(1).weight(i + 1),
                    endpoint(2),
                    endpoint(3));
        }
        assertThat(ports(50)).containsExactlyInAnyOrder(2, 3);
    }

    @Test
    void remembersAnEjectionOverAnIdleTime() {
        acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        fail(1);
        forward(10);
        helper.inSyncContext(balancer::shutdown);
        assertThat(helper.clock().pending()).isZero();
        balancer = new PolicyLoadBalancer(helper, memory);
        acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        assertThat(ports(50)).containsExactlyInAnyOrder(2, 3);
    }

    @Test
    void letsAllBackWhereOutliersAreDetectedNoMore() {
        acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        fail(1);
        forward(10);
        accept(Map.of(), endpoint(1), endpoint(2), endpoint(3));
        assertThat(ports(50)).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(memory.state().ejected()).isEmpty();
    }

    @Test
    void usesEjectedServersWhereTooFewWouldBeLeft() {
        Map<String, ?> config = Map.of("outlierDetection", with(EJECTION, "maxEjectionPercent", 100));
        acceptReady(config, endpoint(1), endpoint(2), endpoint(3), endpoint(4));
        fail(1);
        fail(2);
        forward(10);
        assertThat(ports(100)).containsExactlyInAnyOrder(3, 4);
        fail(3);
        forward(10);
        assertThat(memory.state().panicking()).containsExactly("");
        assertThat(ports(100)).containsExactlyInAnyOrder(1, 2, 3, 4);
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
        acceptReady(
                config,
                endpoint(1).version("v1").zone("a"),
                endpoint(2).version("v2").zone("a"),
                endpoint(3).version("v2").zone("a"),
                endpoint(4).version("v2").zone("b"));
        FakeCall v2 = FakeCall.withHeader("x-version", "v2");
        assertThat(ports(v2, 100)).containsExactlyInAnyOrder(2, 3);
        assertThat(ports(100)).containsExactlyInAnyOrder(1, 2, 3);
        fail(2);
        forward(10);
        assertThat(ports(v2, 200)).containsExactlyInAnyOrder(3, 4);
        assertThat(helper.subchannels()).hasSize(4);
    }

    @Test
    void keepsTheTurnOfEachPartOfTheServersApart() {
        Map<String, ?> config = Map.of("tags", List.of(Map.of("key", "version", "header", "x-version")));
        acceptReady(
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
        ChannelMemory counting = new ChannelMemory(new PolicyTable(
                Map.of("round_robin", options -> {
                    made.add(Policies.with(List.of()).create("round_robin", options));
                    return made.get(made.size() - 1);
                }),
                List.of(),
                List.of()));
        balancer = new PolicyLoadBalancer(helper, counting);
        Map<String, ?> config = Map.of("tags", List.of(Map.of("key", "version")));
        acceptReady(config, endpoint(1).version("v1"));
        accept(config, endpoint(1).version("v1").weight(2));
        assertThat(made).as("one for all and one for v1").hasSize(2);
        accept(config, endpoint(1).version("v2"));
        accept(config, endpoint(1).version("v1"));
        assertThat(made).hasSize(4);
    }

    @Test
    void warmsAServerUpAfterItsEjection() {
        Map<String, ?> config =
                Map.of("outlierDetection", EJECTION, "slowStart", Map.of("window", "20s"), "policy", "random");
        acceptReady(config, endpoint(1), endpoint(2), endpoint(3));
        forward(20);
        assertThat(count(1, 3_000)).isBetween(850, 1_150);
        fail(1);
        forward(10);
        assertThat(count(1, 3_000)).isZero();
        while (!memory.state().ejected().isEmpty()) {
            helper.clock().forward(Duration.ofMillis(100));
        }
        assertThat(count(1, 3_000)).isBetween(80, 220);
        forward(10);
        assertThat(count(1, 3_000)).isBetween(480, 720);
        forward(11);
        assertThat(count(1, 3_000)).isBetween(850, 1_150);
    }

    @Test
    void schedulesNothingAndPublishesNothingWhereNothingIsConfigured() {
        acceptReady(Map.of(), endpoint(1), endpoint(2));
        int published = helper.published();
        assertThat(helper.clock().pending()).isZero();
        forward(600);
        assertThat(helper.published()).isEqualTo(published);
    }

    @Test
    void publishesNothingWhileTimeChangesNothing() {
        acceptReady(
                Map.of("outlierDetection", EJECTION, "slowStart", Map.of("window", "5s")), endpoint(1), endpoint(2));
        forward(6);
        int published = helper.published();
        forward(600);
        assertThat(helper.published()).isEqualTo(published);
        assertThat(helper.clock().pending()).isEqualTo(1);
    }

    private FakeHelper helper() {
        FakeHelper[] made = new FakeHelper[1];
        loads[0] =
                new EndpointLoads(Duration.ofMinutes(5), () -> made[0].clock().nanoTime());
        made[0] = new FakeHelper(NameResolver.Args.newBuilder().setArg(BalancerArgs.LOADS, loads[0]));
        return made[0];
    }

    private void fail(int port) {
        EndpointLoad load = loads[0].all().stream()
                .filter(each -> each.identity().name().equals("s" + port))
                .findFirst()
                .orElseThrow();
        FakeServers.calls(load, 100, CallOutcome.FAILURE);
    }

    private void leaveOnly(int port) {
        helper.subchannels().stream()
                .filter(subchannel -> subchannel.port() != port)
                .forEach(subchannel -> subchannel.fails("gone"));
        helper.clock().forward(Duration.ofMillis(5));
    }

    private void forward(int seconds) {
        helper.clock().forward(Duration.ofSeconds(seconds));
    }

    private Set<Integer> ports(int calls) {
        return ports(FakeCall.PLAIN, calls);
    }

    private Set<Integer> ports(FakeCall call, int calls) {
        return IntStream.range(0, calls).mapToObj(i -> helper.pickPort(call)).collect(Collectors.toSet());
    }

    private int count(int port, int calls) {
        return (int) IntStream.range(0, calls)
                .filter(i -> helper.pickPort(FakeCall.PLAIN) == port)
                .count();
    }

    private void acceptReady(Map<String, ?> config, Endpoint.Builder... endpoints) {
        accept(config, endpoints);
        List.copyOf(helper.subchannels()).stream()
                .filter(subchannel -> !subchannel.isShutdown())
                .forEach(FakeSubchannel::ready);
        helper.clock().forward(Duration.ofMillis(5));
    }

    private void accept(Map<String, ?> config, Endpoint.Builder... endpoints) {
        List<EquivalentAddressGroup> groups = Arrays.stream(endpoints)
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
                    .setLoadBalancingPolicyConfig(LbConfig.parse(config))
                    .build());
            assertThat(status.isOk()).isTrue();
        });
    }

    private static Map<String, ?> with(Map<String, ?> map, String key, Object value) {
        Map<String, Object> more = new HashMap<>(map);
        more.put(key, value);
        return more;
    }

    private static Endpoint.Builder endpoint(int number) {
        return FakeServers.endpoint(number);
    }
}
