package io.github.grpclb.policy.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Simulated in fake time with seeded chance. */
class PeakEwmaPolicyTest {

    private static final Duration FAST = Duration.ofMillis(10);
    private static final Duration SLOW = Duration.ofMillis(100);

    private final FakeClock clock = new FakeClock();
    private final PeakEwmaPolicy policy = new PeakEwmaPolicy(ConfigFields.of(Map.of()), new Random(7)::nextLong);

    @Test
    void aServerTenTimesSlowerGetsAlmostNothing() {
        Simulation simulation =
                simulation(FakeCandidate.withWeights(1, 1, 1), (server, now) -> server == 2 ? SLOW : FAST);
        simulation.run(Duration.ofSeconds(120), 300);
        assertThat(simulation.share(2)).isBetween(0.0001, 0.01);
        assertThat(simulation.percentile(99)).isEqualTo(FAST);
    }

    @Test
    void aServerThatBecameFastAgainComesBackToItsShare() {
        Simulation simulation = simulation(
                FakeCandidate.withWeights(1, 1, 1), (server, now) -> server == 2 && now.toSeconds() < 60 ? SLOW : FAST);
        assertThat(simulation.run(Duration.ofSeconds(60), 300).share(2)).isLessThan(0.01);
        simulation.run(Duration.ofSeconds(60), 300);
        assertThat(simulation.run(Duration.ofSeconds(20), 300).share(2)).isBetween(0.25, 0.42);
    }

    @Test
    void aServerThatStallsIsLeftAloneBeforeAnyCallEnds() {
        Simulation simulation = simulation(
                FakeCandidate.withWeights(1, 1, 1),
                (server, now) -> server == 2 && now.toSeconds() >= 10 ? null : FAST);
        simulation.run(Duration.ofSeconds(10), 300);
        assertThat(simulation.share(2)).isBetween(0.25, 0.42);
        simulation.run(Duration.ofSeconds(100), 300);
        assertThat(simulation.calls(2)).isBetween(1, 20);
    }

    @Test
    void aServerOfWhichNothingIsKnownIsTriedOnceAndNotFlooded() {
        List<Candidate> servers = FakeCandidate.withWeights(1, 1, 1);
        for (Candidate old : servers.subList(0, 2)) {
            answer(old.load(), FAST);
        }
        Simulation simulation = simulation(servers, (server, now) -> null);
        for (int i = 0; i < 200; i++) {
            simulation.call();
        }
        assertThat(simulation.calls(2)).isEqualTo(1);
    }

    @Test
    void isLeastRequestWhereNothingIsKnownOfAnyone() {
        Simulation simulation = simulation(FakeCandidate.withWeights(1, 1, 1), (server, now) -> null);
        for (int i = 0; i < 300; i++) {
            simulation.call();
        }
        for (int server = 0; server < 3; server++) {
            assertThat(simulation.calls(server)).isBetween(97, 103);
        }
    }

    @Test
    void aServerThatFailsAtOnceDoesNotDrawTheCalls() {
        List<Candidate> servers = FakeCandidate.withWeights(1, 1, 1);
        Policy.Picker picker = policy.picker(servers, servers);
        int failed = 0;
        for (int i = 0; i < 10_000; i++) {
            Candidate server = picker.pick(FakeCall.PLAIN);
            if (server == servers.get(2)) {
                failed++;
                server.load().started(clock.nanoTime());
                server.load().ended(CallOutcome.FAILURE, false, clock.nanoTime(), clock.nanoTime());
                clock.forward(Duration.ofMillis(5));
            } else {
                answer(server.load(), FAST);
            }
        }
        assertThat(failed).isBetween(1, 10);
    }

    @Test
    void equallyFastServersHaveSharesByWeight() {
        double[] weights = {5, 1, 1};
        List<Candidate> servers = FakeCandidate.withWeights(weights);
        servers.forEach(server -> answer(server.load(), FAST));
        // the last one's latency has not decayed, so none may
        Policy.Picker picker = new PeakEwmaPolicy(ConfigFields.of(Map.of("decay", "86400s")), new Random(7)::nextLong)
                .picker(servers, servers);
        int[] counts = new int[3];
        for (int i = 0; i < 70_000; i++) {
            counts[servers.indexOf(picker.pick(FakeCall.PLAIN))]++;
        }
        assertThat(Shares.chiSquare(counts, weights)).isLessThan(13.8); // 2 degrees of freedom, p = 0.001
    }

    @Test
    void weightsHoldUnderLoadAndGiveWayToASlowServer() {
        List<Candidate> servers = FakeCandidate.withWeights(4, 1, 1);
        Simulation simulation = simulation(servers, (server, now) -> FAST);
        simulation.run(Duration.ofSeconds(30), 1_000);
        assertThat(simulation.share(0)).isBetween(0.6, 0.72);
        Simulation slow = simulation(servers, (server, now) -> server == 0 ? SLOW : FAST);
        slow.run(Duration.ofSeconds(30), 100);
        assertThat(slow.run(Duration.ofSeconds(60), 100).share(0)).isLessThan(0.05);
    }

    @Test
    void refusesADecayOutOfRange() {
        assertThatThrownBy(() -> new PeakEwmaPolicy(ConfigFields.of(Map.of("decay", "0.5s"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("decay: '0.5s' (expected: a duration from 1.0s to 365 days, such as 10s or 0.5s)");
    }

    private Simulation simulation(List<Candidate> servers, Simulation.Servers behaviour) {
        return new Simulation(clock, servers, policy, behaviour);
    }

    private void answer(EndpointLoad load, Duration latency) {
        long sent = clock.nanoTime();
        load.started(sent);
        clock.forward(latency);
        load.answered(sent, clock.nanoTime());
        load.ended(CallOutcome.SUCCESS, true, sent, clock.nanoTime());
    }
}
