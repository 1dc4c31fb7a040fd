package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.balancer.config.ZoneRouting;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.ConfigFields;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How many calls leave the own zone. Servers of zone a have odd numbers, those of zone b even ones. */
class ZoneStepTest {

    private static final int CALLS = 20_000;

    @Test
    void staysInItsZoneWhileThatHasRoom() {
        assertThat(FakeServers.picks(picker(up(1), up(3), up(2)), 10)).containsOnlyKeys("s1", "s3");
        assertThat(share(picker(up(1), up(3), up(5), up(7), down(9), up(2)))).isEqualTo(1);
    }

    @Test
    void leavesItInProportionToWhatTheZoneLacks() {
        assertThat(share(picker(up(1), down(3), up(2), up(4)))).isEqualTo(0.7, within(0.01));
        assertThat(share(picker(up(1), down(3), down(5), down(7), up(2)))).isEqualTo(0.35, within(0.01));
    }

    @Test
    void countsWeights() {
        assertThat(share(picker(up(1, 1), down(3, 3), up(2, 9)))).isEqualTo(0.35, within(0.01));
        assertThat(share(picker(up(1, 3), down(3, 1), up(2, 9)))).isEqualTo(1);
        assertThat(share(picker(up(1, 0), up(3, 0), up(2, 1)))).isZero();
    }

    @Test
    void countsHeadsWhereNobodyHasAWeight() {
        Pool pool = pool(up(1, 0), down(3, 0), up(2, 0));
        List<String> asked = new ArrayList<>();
        step().picker(pool, part -> {
            asked.add(part.name());
            return FakeServers.inTurn(part);
        });
        assertThat(asked).containsExactly("/zone=a", "/zone!=a");
    }

    @Test
    void leavesItAltogetherWhereItIsGone() {
        assertThat(FakeServers.picks(picker(down(1), up(2), up(4)), 10)).containsOnlyKeys("s2", "s4");
        assertThat(FakeServers.picks(picker(up(2), up(4)), 10)).containsOnlyKeys("s2", "s4");
    }

    @Test
    void staysWhereNobodyElseCanTakeTheCall() {
        assertThat(FakeServers.picks(picker(up(1), down(3), down(5), down(2)), 10))
                .containsOnlyKeys("s1");
    }

    @Test
    void leavesServersThatDrainOutOfTheReckoning() {
        EndpointCandidate draining =
                FakeServers.ready(zoned(3, 1).state(Endpoint.State.DRAINING).build());
        assertThat(share(picker(up(1), draining, up(2)))).isEqualTo(1);
    }

    @Test
    void leavesItToThePolicyWhereNobodyIsUsable() {
        List<Pool> asked = new ArrayList<>();
        Pool pool = pool(down(1), down(2));
        step().picker(pool, part -> {
            asked.add(part);
            return FakeServers.inTurn(part);
        });
        assertThat(asked).containsExactly(pool);
    }

    @Test
    void hasNoCliff() {
        double before = 1;
        for (int lost = 0; lost <= 100; lost++) {
            List<EndpointCandidate> servers = new ArrayList<>(List.of(up(2)));
            for (int i = 0; i < 100; i++) {
                servers.add(i < lost ? down(2 * i + 1) : up(2 * i + 1));
            }
            double share = share(picker(servers.toArray(EndpointCandidate[]::new)));
            assertThat(share).isBetween(before - 0.014 - 0.02, before + 0.02);
            before = share;
        }
        assertThat(before).isZero();
    }

    private static double share(SubchannelPicker picker) {
        Map<String, Integer> picks = FakeServers.picks(picker, CALLS);
        int stayed = picks.entrySet().stream()
                .filter(each -> Integer.parseInt(each.getKey().substring(1)) % 2 == 1)
                .mapToInt(Map.Entry::getValue)
                .sum();
        return (double) stayed / CALLS;
    }

    private static SubchannelPicker picker(EndpointCandidate... servers) {
        return step().picker(pool(servers), FakeServers::inTurn);
    }

    private static ZoneStep step() {
        return new ZoneStep(ZoneRouting.parse(ConfigFields.of(Map.of("own", "a"))), 0, new Random(7)::nextDouble);
    }

    private static Pool pool(EndpointCandidate... servers) {
        return Pool.of(List.of(servers));
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
