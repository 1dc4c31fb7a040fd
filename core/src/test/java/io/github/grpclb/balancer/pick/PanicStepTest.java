package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeCall;
import io.grpc.ConnectivityState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** When ejected servers are used as well. */
@ExtendWith(CapturedLog.Extension.class)
class PanicStepTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    /** Ejects every server that fails, for 30 to 33 s. */
    private static final Map<String, ?> EJECTION =
            Map.of("maxEjectionPercent", 100, "failurePercentageEjection", Map.of("minimumHosts", 1));

    private final ChainScene scene = new ChainScene(Map.of("outlierDetection", EJECTION, "panicThreshold", 50));

    @Test
    void leavesEjectedServersOutWhileEnoughAreUsable() {
        scene.with(ready(1, 10));
        eject(1, 5);
        assertThat(used()).isEqualTo(5);
        assertThat(scene.state().panicking()).isEmpty();
    }

    @Test
    void usesAllThatAreReadyWhereTooFewAreUsable() {
        scene.with(ready(1, 10));
        eject(1, 6);
        assertThat(used()).isEqualTo(10);
        assertThat(scene.state().panicking()).containsExactly("");

        List<EndpointCandidate> threeFail = ready(1, 7);
        threeFail.addAll(servers(8, 10, ConnectivityState.TRANSIENT_FAILURE, one -> one));
        scene.with(threeFail);
        assertThat(scene.state().panicking()).isEmpty();
        eject(1, 3);
        assertThat(used()).isEqualTo(7);
        assertThat(scene.state().panicking()).containsExactly("");
    }

    @Test
    void endsWhenEnoughAreUsable() {
        scene.with(ready(1, 10));
        eject(1, 1);
        eject(2, 6);
        assertThat(used()).isEqualTo(10);
        scene.forward(Duration.ofSeconds(23));
        assertThat(used()).isEqualTo(5);
        assertThat(scene.state().panicking()).isEmpty();
    }

    @Test
    void saysOnceThatItBeginsAndThatItEnds(CapturedLog log) {
        log.takeInfoOf(PanicStep.class);
        scene.with(ready(1, 10));
        eject(1, 1);
        eject(2, 6);
        eject(7, 7);
        assertThat(scene.state().ejected()).hasSize(7);
        scene.forward(Duration.ofSeconds(13));
        assertThat(scene.state().ejected()).hasSize(6);
        scene.forward(INTERVAL);
        assertThat(scene.state().ejected()).hasSize(1);
        scene.forward(INTERVAL);
        assertThat(scene.state().ejected()).isEmpty();
        assertThat(log.toString().lines().filter(line -> line.contains(PanicStep.class.getName())))
                .containsExactly(
                        "WARN " + PanicStep.class.getName()
                                + " - svc: panic, with 4 ready of 10 known, less than 50 %: ejected ones, if any, are used"
                                + " as well",
                        "INFO " + PanicStep.class.getName() + " - svc: panic is over");
    }

    @Test
    void doesNotBeginWhileFirstConnectionsAreUnderWay() {
        List<EndpointCandidate> servers = ready(1, 1);
        servers.addAll(servers(2, 10, ConnectivityState.CONNECTING, one -> one));
        scene.with(servers);
        assertThat(scene.state().panicking()).isEmpty();
    }

    @Test
    void doesNotCountServersThatDrain() {
        List<EndpointCandidate> servers = ready(1, 2);
        servers.addAll(servers(3, 10, ConnectivityState.TRANSIENT_FAILURE, one -> one.state(Endpoint.State.DRAINING)));
        scene.with(servers);
        assertThat(scene.state().panicking()).isEmpty();
    }

    @Test
    void forgetsPartsOfTheServersThatAreNoMore() {
        ChainScene byVersion =
                new ChainScene(Map.of("outlierDetection", EJECTION, "tags", List.of(Map.of("key", "version"))));
        List<EndpointCandidate> servers = servers(1, 10, ConnectivityState.READY, one -> one.version("v2"));
        List<EndpointCandidate> others = ready(11, 30);
        servers.addAll(others);
        byVersion.with(servers);
        byVersion.callsFail(1, 6);
        byVersion.forward(INTERVAL);
        assertThat(byVersion.state().panicking()).containsExactly("/version=v2");
        byVersion.with(others);
        assertThat(byVersion.state().panicking()).isEmpty();
    }

    /** Has servers ejected at the end of this interval. */
    private void eject(int first, int last) {
        scene.callsFail(first, last);
        scene.forward(INTERVAL);
    }

    private int used() {
        return scene.targets(FakeCall.PLAIN).size();
    }

    private static List<EndpointCandidate> ready(int first, int last) {
        return servers(first, last, ConnectivityState.READY, one -> one);
    }

    private static List<EndpointCandidate> servers(
            int first, int last, ConnectivityState state, UnaryOperator<Endpoint.Builder> each) {
        List<EndpointCandidate> servers = new ArrayList<>();
        for (int number = first; number <= last; number++) {
            servers.add(FakeServers.in(
                    state, each.apply(FakeServers.endpoint(number)).build()));
        }
        return servers;
    }
}
