package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FakeCall;
import io.grpc.ConnectivityState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How many calls leave the own zone. Servers of zone a have odd numbers, those of zone b even ones. */
class ZoneStepTest {

    private static final int CALLS = 20_000;

    @Test
    void staysInItsZoneWhileThatHasRoom() {
        assertThat(zones(up(1), up(3), up(2)).picks(10)).containsOnlyKeys("s1", "s3");
        assertThat(share(up(1), up(3), up(5), up(7), down(9), up(2))).isEqualTo(1);
    }

    @Test
    void leavesItInProportionToWhatTheZoneLacks() {
        assertThat(share(up(1), down(3), up(2), up(4))).isEqualTo(0.7, within(0.01));
        assertThat(share(up(1), down(3), down(5), down(7), up(2))).isEqualTo(0.35, within(0.01));
    }

    @Test
    void countsWeights() {
        assertThat(share(up(1, 1), down(3, 3), up(2, 9))).isEqualTo(0.35, within(0.01));
        assertThat(share(up(1, 3), down(3, 1), up(2, 9))).isEqualTo(1);
        assertThat(share(up(1, 0), up(3, 0), up(2, 1))).isZero();
    }

    @Test
    void countsHeadsWhereNobodyHasAWeight() {
        assertThat(share(up(1, 0), down(3, 0), up(2, 0))).isEqualTo(0.7, within(0.01));
    }

    @Test
    void leavesItAltogetherWhereItIsGone() {
        assertThat(zones(down(1), up(2), up(4)).picks(10)).containsOnlyKeys("s2", "s4");
        assertThat(zones(up(2), up(4)).picks(10)).containsOnlyKeys("s2", "s4");
    }

    @Test
    void staysWhereNobodyElseCanTakeTheCall() {
        assertThat(zones(up(1), down(3), down(5), down(2)).picks(10)).containsOnlyKeys("s1");
    }

    @Test
    void leavesServersThatDrainOutOfTheReckoning() {
        EndpointCandidate draining =
                FakeServers.ready(zoned(3, 1).state(Endpoint.State.DRAINING).build());
        assertThat(share(up(1), draining, up(2))).isEqualTo(1);
    }

    @Test
    void leavesItToThePolicyWhereNobodyIsUsable() {
        assertThat(zones(down(1), down(2)).pick(FakeCall.PLAIN).getStatus().getDescription())
                .isEqualTo("no endpoint is ready (2 known); 127.0.0.1:2: s2");
    }

    @Test
    void hasNoCliff() {
        double before = 1;
        for (int lost = 0; lost <= 100; lost++) {
            List<EndpointCandidate> servers = new ArrayList<>(List.of(up(2)));
            for (int i = 0; i < 100; i++) {
                servers.add(i < lost ? down(2 * i + 1) : up(2 * i + 1));
            }
            double share = share(servers.toArray(EndpointCandidate[]::new));
            assertThat(share).isBetween(before - 0.014 - 0.02, before + 0.02);
            before = share;
        }
        assertThat(before).isZero();
    }

    private static double share(EndpointCandidate... servers) {
        int stayed = zones(servers).picks(CALLS).entrySet().stream()
                .filter(each -> Integer.parseInt(each.getKey().substring(1)) % 2 == 1)
                .mapToInt(Map.Entry::getValue)
                .sum();
        return (double) stayed / CALLS;
    }

    private static ChainScene zones(EndpointCandidate... servers) {
        return new ChainScene(Map.of("zone", Map.of("own", "a"))).with(servers);
    }

    private static EndpointCandidate up(int number) {
        return up(number, 1);
    }

    private static EndpointCandidate up(int number, int weight) {
        return FakeServers.ready(zoned(number, weight).build());
    }

    private static EndpointCandidate down(int number) {
        return down(number, 1);
    }

    private static EndpointCandidate down(int number, int weight) {
        return FakeServers.in(
                ConnectivityState.TRANSIENT_FAILURE, zoned(number, weight).build());
    }

    private static Endpoint.Builder zoned(int number, int weight) {
        return FakeServers.endpoint(number).weight(weight).zone(number % 2 == 1 ? "a" : "b");
    }
}
