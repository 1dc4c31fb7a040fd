package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.SlowStart;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeClock;
import io.grpc.ConnectivityState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Slow start under every kind of policy, with fake time and seeded chance. New servers have numbers from 1 000 on. */
class WarmUpTest {

    private static final Map<String, ?> SLOW_START = Map.of("window", "60s");
    private static final int CALLS = 20_000;

    private final FakeClock clock = new FakeClock();

    /** All policies but that which calls one server. */
    static Set<String> spreading() {
        Set<String> names = Policies.with(List.of()).names();
        names.remove("pick_first");
        return names;
    }

    @Test
    void growsByTheLaw() {
        SlowStart line = slowStart(SLOW_START);
        assertThat(line.shareAt(0)).isEqualTo(0.1);
        assertThat(line.shareAt(seconds(3))).isEqualTo(0.1);
        assertThat(line.shareAt(seconds(30))).isEqualTo(0.5);
        assertThat(line.shareAt(seconds(60))).isEqualTo(1);
        assertThat(line.shareAt(seconds(1_000))).isEqualTo(1);
        assertThat(line.shareAt(-seconds(1_000))).isEqualTo(0.1);
        SlowStart eager = slowStart(Map.of("window", "60s", "aggression", 2));
        assertThat(eager.shareAt(seconds(15))).isEqualTo(0.5);
    }

    @ParameterizedTest
    @MethodSource("spreading")
    void fiftyNewServersBesideFiftyGrowToTheirFairShare(String policy) {
        growsToTheFairShare(policy, 50, 50);
    }

    @ParameterizedTest
    @MethodSource("spreading")
    void aHundredAndFiftyNewServersBesideFiftyGrowToTheirFairShare(String policy) {
        growsToTheFairShare(policy, 50, 150);
    }

    private void growsToTheFairShare(String policy, int old, int fresh) {
        List<EndpointCandidate> servers = servers(1, old, 3_600);
        servers.addAll(servers(1_000, fresh, 0));
        ChainScene scene = warmUp(policy).with(servers);
        double fair = (double) fresh / (old + fresh);
        double before = 0;
        for (int second = 0; second <= 60; second += 6) {
            double law = Math.max(0.1, second / 60.0);
            double expected = law * fresh / (law * fresh + old);
            double share = shareOfNew(scene);
            assertThat(share)
                    .as("share after %d s", second)
                    .isPositive()
                    .isLessThan(fair + 0.02)
                    .isGreaterThan(before - 0.02)
                    .isEqualTo(expected, within(0.02));
            before = share;
            scene.forward(Duration.ofSeconds(6));
        }
        assertThat(before).isEqualTo(fair, within(0.02));
        assertThat(scene.waits()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("spreading")
    void everyNewServerGetsCalls(String policy) {
        List<EndpointCandidate> servers = servers(1, 50, 3_600);
        servers.addAll(servers(1_000, 150, 0));
        Map<String, Integer> picks = warmUp(policy).with(servers).picks(CALLS);
        assertThat(picks).hasSize(200);
        int most = picks.entrySet().stream()
                .filter(each -> each.getKey().length() == 5)
                .mapToInt(Map.Entry::getValue)
                .max()
                .orElseThrow();
        assertThat(most).isLessThan(CALLS / 200);
    }

    @ParameterizedTest
    @MethodSource("spreading")
    void theOthersShareAsThePolicySays(String policy) {
        List<EndpointCandidate> servers = servers(1, 3, 3_600);
        servers.addAll(servers(1_000, 1, 0));
        Map<String, Integer> picks = warmUp(policy).with(servers).picks(CALLS);
        int each = (CALLS - picks.get("s1000")) / 3;
        for (int number = 1; number <= 3; number++) {
            assertThat(picks.get("s" + number)).isCloseTo(each, within(CALLS / 50));
        }
    }

    @Test
    void doesNotSlowAFleetThatIsNewAsAWhole() {
        List<EndpointCandidate> servers = servers(1, 5, 1);
        servers.addAll(servers(1_000, 5, 0));
        for (String policy : List.of("round_robin", "weighted_random")) {
            assertThat(shareOfNew(warmUp(policy).with(servers))).isEqualTo(0.5, within(0.02));
        }
        List<EndpointCandidate> first = servers(1, 3, 0);
        Recording policy = new Recording(true);
        warmUp(policy).with(first);
        assertThat(policy.ready).containsExactlyElementsOf(first);
    }

    @Test
    void goesByTheTimeThatItSawItselfWhateverTheClockOfTheServerSays() {
        for (long startedAt : new long[] {1, Long.MAX_VALUE, System.currentTimeMillis() + 3_600_000}) {
            List<EndpointCandidate> servers = servers(1, 1, 3_600);
            servers.add(FakeServers.readySince(
                    clock.nanoTime() - seconds(30),
                    FakeServers.endpoint(1_000).startedAt(startedAt).build()));
            assertThat(shareOfNew(warmUp("random").with(servers))).isEqualTo(1 / 3.0, within(0.02));
        }
    }

    @Test
    void leavesTinyWeightsAndHugeOnesTheirShare() {
        List<EndpointCandidate> servers = servers(1, 1, 3_600);
        servers.add(FakeServers.readySince(
                clock.nanoTime(), FakeServers.endpoint(1_000).weight(1).build()));
        servers.set(0, servers.get(0).withWeight(9));
        assertThat(shareOfNew(warmUp("weighted_random").with(servers))).isEqualTo(0.1 / 9.1, within(0.004));
    }

    @Test
    void beginsAnewAfterAnEjection() {
        Map<String, ?> ejection = Map.of("failurePercentageEjection", Map.of("minimumHosts", 1));
        ChainScene scene = new ChainScene(
                        Map.of("policy", "random", "slowStart", SLOW_START, "outlierDetection", ejection), clock)
                .with(servers(1, 2, 3_600));
        scene.callsFail(1, 1);
        scene.forward(Duration.ofSeconds(10));
        assertThat(scene.picks(CALLS)).containsOnlyKeys("s2");
        while (!scene.state().ejected().isEmpty()) {
            scene.forward(Duration.ofMillis(100));
        }
        assertThat(scene.picks(CALLS).get("s1") / (double) CALLS).isEqualTo(0.1 / 1.1, within(0.02));
    }

    @Test
    void givesAServerThatNobodySawReadyTheLeast() {
        List<EndpointCandidate> ready = servers(1, 2, 3_600);
        ready.add(servers(1_000, 1, 30).get(0));
        List<EndpointCandidate> known = new ArrayList<>(ready);
        known.add(FakeServers.in(
                ConnectivityState.CONNECTING, FakeServers.endpoint(1_001).build()));
        Recording policy = new Recording(true);
        warmUp(policy).with(known);
        assertThat(policy.known).extracting(Candidate::weight).containsExactly(1.0, 1.0, 0.5, 0.1);
        assertThat(policy.known.get(0)).isSameAs(ready.get(0));
        assertThat(policy.known.get(2)).isSameAs(policy.ready.get(2));
    }

    @Test
    void leavesTheWeightsOfAPolicyThatDoesNotFollowThem() {
        List<EndpointCandidate> servers = servers(1, 1, 3_600);
        servers.addAll(servers(1_000, 1, 0));
        Recording policy = new Recording(false);
        warmUp(policy).with(servers);
        assertThat(policy.ready).containsExactlyElementsOf(servers);
    }

    @Test
    void endsWithAPolicyThatHasOneAnswerOnly() {
        List<EndpointCandidate> servers = servers(1_000, 1, 0);
        servers.addAll(servers(1, 1, 3_600));
        assertThat(warmUp(new Recording(false)).with(servers).targets(FakeCall.PLAIN))
                .containsExactly("s1000");
    }

    @Test
    void wakesOnlyWhileSomebodyIsNew() {
        ChainScene scene = warmUp("random");
        assertThat(scene.waits()).isFalse();
        scene.with(servers(1, 2, 58));
        assertThat(scene.waits()).isTrue();
        scene.forward(Duration.ofMillis(599));
        assertThat(scene.pickers()).isEqualTo(1);
        scene.forward(Duration.ofMillis(1));
        assertThat(scene.pickers()).isEqualTo(2);
        assertThat(scene.waits()).isTrue();
        scene.forward(Duration.ofMillis(1_200));
        assertThat(scene.pickers()).isEqualTo(4);
        assertThat(scene.waits()).isFalse();
        scene.forward(Duration.ofHours(1));
        assertThat(scene.pickers()).isEqualTo(4);
    }

    private static double shareOfNew(ChainScene scene) {
        return scene.picks(CALLS).entrySet().stream()
                        .filter(each -> each.getKey().length() == 5)
                        .mapToInt(Map.Entry::getValue)
                        .sum()
                / (double) CALLS;
    }

    private ChainScene warmUp(String policy) {
        return new ChainScene(Map.of("policy", policy, "slowStart", SLOW_START), clock);
    }

    private ChainScene warmUp(Recording policy) {
        return new ChainScene(
                Map.of("policy", policy.name(), "slowStart", SLOW_START), clock, Policies.with(List.of(policy)));
    }

    private static SlowStart slowStart(Map<String, ?> config) {
        return LbConfig.parse(Map.of("slowStart", config)).slowStart();
    }

    /** Returns servers that were first ready so many seconds ago. */
    private List<EndpointCandidate> servers(int first, int count, long age) {
        List<EndpointCandidate> servers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            servers.add(FakeServers.readySince(
                    clock.nanoTime() - seconds(age),
                    FakeServers.endpoint(first + i).build()));
        }
        return servers;
    }

    private static long seconds(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    /** Always the first; leaves behind what it was given. */
    private static final class Recording implements Policy {

        private final boolean followsWeights;
        private List<Candidate> known = List.of();
        private List<Candidate> ready = List.of();

        Recording(boolean followsWeights) {
            this.followsWeights = followsWeights;
        }

        @Override
        public String name() {
            return "recording";
        }

        @Override
        public boolean followsWeights() {
            return followsWeights;
        }

        @Override
        public Picker picker(List<Candidate> all, List<Candidate> usable) {
            known = all;
            ready = usable;
            return call -> usable.get(0);
        }
    }
}
