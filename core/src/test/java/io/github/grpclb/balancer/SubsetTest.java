package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.SubsetClient.SIZE;
import static io.github.grpclb.balancer.SubsetClient.endpoints;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.grpc.LoadBalancer.PickResult;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A channel that connects to a subset of the servers: which ones, and by which it replaces them. */
class SubsetTest {

    private final SubsetClient client = new SubsetClient();

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
        assertThat(client.helper().subchannels()).hasSize(SIZE);
        assertThat(client.helper().clock().pending()).isZero();
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
            SubsetClient other = new SubsetClient();
            other.start(Map.of(), endpoints(20));
            drawn.add(other.connected());
            Set<Integer> before = other.connected();
            other.idle();
            other.start(Map.of(), endpoints(20));
            assertThat(other.connected()).isEqualTo(before);
        }
        assertThat(drawn).hasSizeGreaterThan(5);
    }

    @Test
    void aMemberThatCannotBeReachedIsStoodInForUntilItReturns() {
        client.start(Map.of(), endpoints(20));
        Set<Integer> before = client.connected();
        int dead = before.iterator().next();
        client.kill(dead);
        client.breakDead();
        Set<Integer> now = client.ports(FakeCall.PLAIN, 40);
        assertThat(now).hasSize(SIZE).doesNotContain(dead);
        client.reviveAll();
        client.settle();
        assertThat(client.ports(FakeCall.PLAIN, 40)).isEqualTo(before);
        client.forward(130);
        assertThat(client.connected()).isEqualTo(before);
    }

    @Test
    void callsFailWhereTwiceTheSubsetCannotBeReached() {
        client.kill(1, 20);
        client.start(Map.of(), endpoints(20));
        assertThat(client.helper().subchannels()).hasSize(2 * SIZE);
        PickResult failure = client.pick(FakeCall.PLAIN);
        assertThat(failure.getStatus().getDescription()).contains("no endpoint is ready (20 known)", "gone");
        client.reviveAll();
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
        assertThat(client.helper().subchannels()).hasSize(SIZE);
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
        client.size(2);
        client.start(Map.of(), endpoints(20));
        Set<Integer> two = client.connected();
        client.size(6);
        client.start(Map.of(), endpoints(20));
        assertThat(client.connected()).hasSize(6).containsAll(two);
        client.size(0);
        client.start(Map.of(), endpoints(20));
        assertThat(client.ports(FakeCall.PLAIN, 40)).hasSize(20);
        client.size(2);
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
        assertThat(client.state().panicking()).isEmpty();
        for (EndpointLoad load : client.scene().loads().all()) {
            FakeServers.calls(load, 100, CallOutcome.FAILURE);
        }
        client.forward(10);
        assertThat(client.state().ejected()).hasSize(SIZE / 2);
        assertThat(client.state().panicking()).isEmpty();
        assertThat(client.ports(FakeCall.PLAIN, 40)).hasSize(SIZE / 2);
        assertThat(client.helper().subchannels()).hasSize(SIZE);
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
        int calls = client.count(fresh, 3_000);
        assertThat(calls).isBetween(10, 250);
    }
}
