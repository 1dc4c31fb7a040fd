package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.OutlierDetection;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** gRFC A50's algorithm, with fake time and seeded chance. */
class OutlierDetectorTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final FakeClock clock = new FakeClock();
    private final EjectionHistory history = new EjectionHistory();
    private List<EndpointCandidate> servers = servers(1, 10);
    private OutlierDetector detector = detector(Map.of());

    @Test
    void ejectsAServerThatSucceedsLessOftenThanTheOthers() {
        calls(s1(), 50, 50);
        othersSucceed(100);
        assertThat(endInterval()).isTrue();
        assertThat(ejected()).containsExactly("s1");
    }

    @Test
    void ejectsAServerThatFailsTooOften() {
        detector = detector(Map.of("failurePercentageEjection", Map.of("threshold", 50)));
        calls(s1(), 24, 26);
        calls(servers.get(1), 25, 25);
        servers.subList(2, 10).forEach(server -> calls(server, 50, 0));
        endInterval();
        assertThat(ejected()).containsExactly("s1");
    }

    @Test
    void looksOnlyAtTheCallsOfOneInterval() {
        detector = detector(Map.of("successRateEjection", Map.of()));
        calls(s1(), 0, 99);
        othersSucceed(200);
        endInterval();
        calls(s1(), 0, 99);
        othersSucceed(200);
        endInterval();
        assertThat(ejected()).isEmpty();
    }

    @Test
    void doesNotCountTheCallersOwnCancellations() {
        FakeServers.calls(s1().load(), 500, CallOutcome.CANCELLED);
        calls(s1(), 100, 0);
        othersSucceed(100);
        endInterval();
        assertThat(ejected()).isEmpty();
    }

    @Test
    void comparesOnlyWhereEnoughServersHadEnoughCalls() {
        calls(s1(), 0, 1_000);
        servers.subList(1, 4).forEach(server -> calls(server, 1_000, 0));
        servers.subList(4, 10).forEach(server -> calls(server, 49, 0));
        endInterval();
        assertThat(ejected()).isEmpty();
    }

    @Test
    void ejectsNoMoreThanItMayButOneAtLeast() {
        detector = detector(Map.of("failurePercentageEjection", Map.of(), "maxEjectionPercent", 1));
        servers.forEach(server -> calls(server, 0, 100));
        endInterval();
        assertThat(ejected()).hasSize(1);

        detector = detector(Map.of("failurePercentageEjection", Map.of(), "maxEjectionPercent", 30));
        servers.forEach(server -> calls(server, 0, 100));
        endInterval();
        assertThat(ejected()).hasSize(3);
    }

    @Test
    void neverEjectsTheLast() {
        detector = detector(Map.of("failurePercentageEjection", Map.of("minimumHosts", 1), "maxEjectionPercent", 100));
        for (int interval = 0; interval < 2; interval++) {
            servers.forEach(server -> calls(server, 0, 100));
            endInterval();
            assertThat(ejected()).hasSize(9);
        }
        follow(servers(20, 20));
        calls(s1(), 0, 100);
        endInterval();
        assertThat(ejected()).isEmpty();
    }

    @Test
    void ejectsWithTheLikelihoodThatIsEnforced() {
        int times = 0;
        detector = detector(Map.of("failurePercentageEjection", Map.of("enforcementPercentage", 25)));
        for (int run = 0; run < 400; run++) {
            follow(servers(1, 10));
            calls(s1(), 0, 100);
            othersSucceed(100);
            endInterval();
            times += ejected().size();
        }
        assertThat(times).isBetween(75, 125);
    }

    @Test
    void letsItBackAfterItsTimeAndUpToATenthLater() {
        s1().load().ready(clock.nanoTime());
        failOnce(s1());
        clock.forward(Duration.ofMillis(29_999));
        assertThat(detector.elapse()).isFalse();
        assertThat(ejected()).containsExactly("s1");
        assertThat(detector.due()).isPositive();
        clock.forward(Duration.ofMillis(3_001));
        assertThat(detector.elapse()).isTrue();
        assertThat(ejected()).isEmpty();
        assertThat(history.age(s1().load(), clock.nanoTime())).isZero();
        assertThat(history.age(s1().load(), clock.nanoTime() + 5)).isEqualTo(5);
    }

    @Test
    void comesBackAtAnotherMomentOnEachChannel() {
        List<Long> times = new ArrayList<>();
        for (int run = 0; run < 10; run++) {
            follow(servers(1, 10));
            failOnce(s1());
            times.add(history.current().get(0).ejectedUntil - clock.nanoTime());
        }
        assertThat(times).doesNotHaveDuplicates().allMatch(time -> time >= 30_000_000_000L && time < 33_000_000_000L);
    }

    @Test
    void staysOutLongerEachTimeInARowAndNoLongerThanTheLongest() {
        detector = detector(Map.of("maxEjectionTime", "70s"));
        assertThat(secondsOut()).isBetween(30.0, 33.0);
        assertThat(secondsOut()).isBetween(60.0, 66.0);
        assertThat(secondsOut()).isBetween(70.0, 77.0);
        for (int calm = 0; calm < 3; calm++) {
            endInterval();
        }
        assertThat(secondsOut()).isBetween(30.0, 33.0);
    }

    @Test
    void endsItsIntervalHoweverOftenListsChange() {
        for (int i = 0; i < 25; i++) {
            calls(s1(), 0, 10);
            othersSucceed(10);
            clock.forward(Duration.ofMillis(400));
            follow(i % 2 == 0 ? servers : servers.subList(0, 9));
            detector.elapse();
        }
        assertThat(ejected()).containsExactly("s1");
    }

    @Test
    void keepsWhatItKnowsOverAListWithoutTheServerAndOverAnotherConfiguration() {
        failOnce(s1());
        List<EndpointCandidate> all = servers;
        follow(all.subList(1, 10));
        assertThat(ejected()).isEmpty();
        follow(all);
        detector = detector(Map.of("maxEjectionPercent", 50));
        assertThat(ejected()).containsExactly("s1");
    }

    @Test
    void forgetsAServerThatIsGone() {
        failOnce(s1());
        List<EndpointCandidate> all = servers;
        follow(servers.subList(1, 10));
        endInterval();
        follow(all);
        assertThat(ejected()).isEmpty();
    }

    private double secondsOut() {
        failOnce(s1());
        long time = history.current().get(0).ejectedUntil - clock.nanoTime();
        clock.forward(Duration.ofNanos(time));
        detector.elapse();
        return time / 1e9;
    }

    /** Fails for one interval, at the end of which it is ejected. */
    private void failOnce(EndpointCandidate server) {
        calls(server, 0, 100);
        othersSucceed(100);
        clock.forward(INTERVAL);
        detector.elapse();
        assertThat(ejected()).containsExactly(server.endpoint().id());
    }

    private boolean endInterval() {
        clock.forward(INTERVAL);
        return detector.elapse();
    }

    private void othersSucceed(int calls) {
        servers.subList(1, servers.size()).forEach(server -> calls(server, calls, 0));
    }

    private EndpointCandidate s1() {
        return servers.get(0);
    }

    private static void calls(EndpointCandidate server, int successes, int failures) {
        FakeServers.calls(server.load(), successes, CallOutcome.SUCCESS);
        FakeServers.calls(server.load(), failures, CallOutcome.FAILURE);
    }

    private List<String> ejected() {
        return history.current().stream()
                .filter(record -> record.ejected)
                .map(record -> record.load().identity().name())
                .toList();
    }

    private void follow(List<EndpointCandidate> list) {
        servers = list;
        history.follow(list, clock.nanoTime());
    }

    private OutlierDetector detector(Map<String, ?> config) {
        Random chance = new Random(1);
        history.follow(servers, clock.nanoTime());
        OutlierDetection rules =
                LbConfig.parse(Map.of("outlierDetection", config)).outlierDetection();
        return new OutlierDetector(rules, history, "svc", () -> {}, clock::nanoTime, chance::nextDouble);
    }

    private static List<EndpointCandidate> servers(int first, int last) {
        return IntStream.rangeClosed(first, last)
                .mapToObj(
                        number -> FakeServers.ready(FakeServers.endpoint(number).build()))
                .toList();
    }
}
