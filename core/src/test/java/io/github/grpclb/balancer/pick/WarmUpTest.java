package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.balancer.config.SlowStart;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeClock;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Slow start under every kind of policy, with fake time and seeded chance. New servers have numbers from 1 000 on. */
class WarmUpTest {

    private static final Duration WINDOW = Duration.ofSeconds(60);
    private static final int CALLS = 20_000;

    private final FakeClock clock = new FakeClock();
    private final EjectionHistory ejections = new EjectionHistory();
    private final WarmUp warmUp = warmUp(Map.of("window", "60s"));

    /** All policies but that which calls one server. */
    static Set<String> spreading() {
        Set<String> names = Policies.with(List.of()).names();
        names.remove("pick_first");
        return names;
    }

    @Test
    void growsByTheLaw() {
        SlowStart line = SlowStart.parse(ConfigFields.of(Map.of("window", "60s")));
        assertThat(line.shareAt(0)).isEqualTo(0.1);
        assertThat(line.shareAt(seconds(3))).isEqualTo(0.1);
        assertThat(line.shareAt(seconds(30))).isEqualTo(0.5);
        assertThat(line.shareAt(seconds(60))).isEqualTo(1);
        assertThat(line.shareAt(seconds(1_000))).isEqualTo(1);
        assertThat(line.shareAt(-seconds(1_000))).isEqualTo(0.1);
        SlowStart eager = SlowStart.parse(ConfigFields.of(Map.of("window", "60s", "aggression", 2)));
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
        double fair = (double) fresh / (old + fresh);
        double before = 0;
        for (int second = 0; second <= 60; second += 6) {
            double law = Math.max(0.1, second / 60.0);
            double expected = law * fresh / (law * fresh + old);
            double share = shareOfNew(policy, servers);
            assertThat(share)
                    .as("share after %d s", second)
                    .isPositive()
                    .isLessThan(fair + 0.02)
                    .isGreaterThan(before - 0.02)
                    .isEqualTo(expected, within(0.02));
            before = share;
            clock.forward(Duration.ofSeconds(6));
        }
        assertThat(before).isEqualTo(fair, within(0.02));
        assertThat(warmUp.due()).isEqualTo(Timed.NEVER);
    }

    @ParameterizedTest
    @MethodSource("spreading")
    void everyNewServerGetsCalls(String policy) {
        List<EndpointCandidate> servers = servers(1, 50, 3_600);
        servers.addAll(servers(1_000, 150, 0));
        Map<String, Integer> picks = picks(policy, servers);
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
        Map<String, Integer> picks = picks(policy, servers);
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
            assertThat(shareOfNew(policy, servers)).isEqualTo(0.5, within(0.02));
        }
        List<EndpointCandidate> first = servers(1, 3, 0);
        Policy.Picker picker = warmUp.picker(new Recording(true), first, first);
        assertThat(picker).isInstanceOf(RecordedPicker.class);
        assertThat(((RecordedPicker) picker).ready()).containsExactlyElementsOf(first);
    }

    @Test
    void goesByTheTimeThatItSawItselfWhateverTheClockOfTheServerSays() {
        for (long startedAt : new long[] {1, Long.MAX_VALUE, System.currentTimeMillis() + 3_600_000}) {
            List<EndpointCandidate> servers = servers(1, 1, 3_600);
            servers.add(FakeServers.readySince(
                    clock.nanoTime() - seconds(30),
                    FakeServers.endpoint(1_000).startedAt(startedAt).build()));
            assertThat(shareOfNew("random", servers)).isEqualTo(1 / 3.0, within(0.02));
        }
    }

    @Test
    void leavesTinyWeightsAndHugeOnesTheirShare() {
        List<EndpointCandidate> servers = servers(1, 1, 3_600);
        servers.add(FakeServers.readySince(
                clock.nanoTime(), FakeServers.endpoint(1_000).weight(1).build()));
        servers.set(0, servers.get(0).withWeight(9));
        assertThat(shareOfNew("weighted_random", servers)).isEqualTo(0.1 / 9.1, within(0.004));
    }

    @Test
    void beginsAnewAfterAnEjection() {
        List<EndpointCandidate> servers = servers(1, 2, 3_600);
        ejections.follow(servers, clock.nanoTime());
        ejections.current().get(0).readmit(clock.nanoTime());
        Map<String, Integer> picks = picks("random", servers);
        assertThat(picks.get("s1") / (double) CALLS).isEqualTo(0.1 / 1.1, within(0.02));
    }

    @Test
    void givesAServerThatNobodySawReadyTheLeast() {
        List<EndpointCandidate> ready = servers(1, 2, 3_600);
        List<EndpointCandidate> known = new ArrayList<>(ready);
        ready.add(servers(1_000, 1, 30).get(0));
        known.add(ready.get(2));
        known.add(FakeServers.in(
                ConnectivityState.CONNECTING, FakeServers.endpoint(1_001).build()));
        RecordedPicker picker = (RecordedPicker) warmUp.picker(new Recording(true), known, ready);
        assertThat(picker.known()).extracting(Candidate::weight).containsExactly(1.0, 1.0, 0.5, 0.1);
        assertThat(picker.known().get(0)).isSameAs(ready.get(0));
        assertThat(picker.known().get(2)).isSameAs(picker.ready().get(2));
    }

    @Test
    void leavesTheWeightsOfAPolicyThatDoesNotFollowThem() {
        List<EndpointCandidate> servers = servers(1, 1, 3_600);
        servers.addAll(servers(1_000, 1, 0));
        Recording policy = new Recording(false);
        warmUp.picker(policy, servers, servers);
        assertThat(policy.last.ready()).containsExactlyElementsOf(servers);
    }

    @Test
    void endsWithAPolicyThatHasOneAnswerOnly() {
        List<EndpointCandidate> servers = servers(1_000, 1, 0);
        servers.addAll(servers(1, 1, 3_600));
        Policy.Picker picker = warmUp.picker(new Recording(false), servers, servers);
        assertThat(picker.pick(FakeCall.PLAIN)).isSameAs(servers.get(0));
    }

    @Test
    void wakesOnlyWhileSomebodyIsNew() {
        assertThat(warmUp.due()).isEqualTo(Timed.NEVER);
        List<EndpointCandidate> servers = servers(1, 2, 59);
        warmUp.picker(new Recording(true), servers, servers);
        assertThat(warmUp.due()).isEqualTo(Duration.ofMillis(600).toNanos());
        assertThat(warmUp.elapse()).isFalse();
        clock.forward(Duration.ofMillis(600));
        assertThat(warmUp.elapse()).isTrue();
        clock.forward(Duration.ofMillis(600));
        warmUp.picker(new Recording(true), servers, servers);
        assertThat(warmUp.due()).isEqualTo(Timed.NEVER);
        assertThat(warmUp.elapse()).isFalse();
    }

    private double shareOfNew(String policy, List<EndpointCandidate> servers) {
        return picks(policy, servers).entrySet().stream()
                        .filter(each -> each.getKey().length() == 5)
                        .mapToInt(Map.Entry::getValue)
                        .sum()
                / (double) CALLS;
    }

    private Map<String, Integer> picks(String policy, List<EndpointCandidate> servers) {
        warmUp.elapse();
        Policy chosen = Policies.with(List.of()).create(policy, Map.of());
        PolicyPicker picker = new PolicyPicker(
                chosen,
                new PolicyFailures(new LogLimit(System::nanoTime)),
                new CallTracking(new EndpointLoads(), null, new LogLimit(System::nanoTime)),
                servers,
                Collections.unmodifiableList(servers),
                warmUp);
        return FakeServers.picks(picker, CALLS);
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

    private WarmUp warmUp(Map<String, ?> config) {
        Random chance = new Random(11);
        return new WarmUp(SlowStart.parse(ConfigFields.of(config)), ejections, clock::nanoTime, chance::nextDouble);
    }

    private static long seconds(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    /** Always the first; leaves behind what it was given. */
    private static final class Recording implements Policy {

        private final boolean followsWeights;
        private RecordedPicker last = new RecordedPicker(List.of(), List.of());

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
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            last = new RecordedPicker(known, ready);
            return last;
        }
    }

    private record RecordedPicker(List<Candidate> known, List<Candidate> ready) implements Policy.Picker {
        @Override
        public Candidate pick(PickSubchannelArgs call) {
            return ready.get(0);
        }
    }
}
