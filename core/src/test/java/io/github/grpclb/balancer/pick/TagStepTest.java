package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FakeCall;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which servers a call chooses among. */
class TagStepTest {

    private static final Map<String, ?> BY_VERSION = Map.of("key", "version", "header", "x-version");

    private final EndpointCandidate v1 =
            FakeServers.ready(FakeServers.endpoint(1).version("v1").build());
    private final EndpointCandidate v2 =
            FakeServers.ready(FakeServers.endpoint(2).version("v2").build());
    private final EndpointCandidate noVersion =
            FakeServers.ready(FakeServers.endpoint(3).build());

    @Test
    void sendsACallToServersOfTheValueInItsHeader() {
        ChainScene scene = tags(List.of(BY_VERSION), v1, v2, noVersion);
        assertThat(scene.targets(FakeCall.withHeader("x-version", "v2"))).containsExactly("s2");
        assertThat(scene.targets(FakeCall.withHeader("x-version", "v1"))).containsExactly("s1");
    }

    @Test
    void goesByTheCallsOptionBeforeItsHeader() {
        ChainScene scene = tags(List.of(BY_VERSION), v1, v2);
        assertThat(scene.targets(FakeCall.with(RoutingKeys.TAGS, Map.of("version", "v2"))))
                .containsExactly("s2");
        assertThat(scene.targets(FakeCall.with(RoutingKeys.TAGS, Map.of("other", "v2"))))
                .containsExactly("s1", "s2");
    }

    @Test
    void leavesCallsThatNameNothingToThePolicy() {
        ChainScene scene = tags(List.of(BY_VERSION), v1, v2, noVersion);
        assertThat(scene.targets(FakeCall.PLAIN)).containsExactly("s1", "s2", "s3");
        assertThat(scene.targets(FakeCall.withHeader("x-version", " "))).containsExactly("s1", "s2", "s3");
    }

    @Test
    void goesByAnyMetadataAndByZone() {
        EndpointCandidate blue = FakeServers.ready(FakeServers.endpoint(4)
                .zone("b")
                .metadata(Map.of("colour", "blue"))
                .build());
        ChainScene scene = tags(List.of(Map.of("key", "colour"), Map.of("key", "zone", "header", "x-zone")), v1, blue);
        assertThat(scene.targets(FakeCall.with(RoutingKeys.TAGS, Map.of("colour", "blue"))))
                .containsExactly("s4");
        assertThat(scene.targets(FakeCall.withHeader("x-zone", "b"))).containsExactly("s4");
    }

    @Test
    void dropsACallWhoseValueNoServerHasAndSaysWhy() {
        PickResult result = tags(List.of(BY_VERSION), v1, v2).pick(FakeCall.withHeader("x-version", "v9"));
        assertThat(result.isDrop()).isTrue();
        assertThat(result.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(result.getStatus().getDescription())
                .isEqualTo("tags: no endpoint with version 'v9' (2 ready of 2 known)");
    }

    @Test
    void leavesItToTheServersOfTheValueWhetherTheCallWaits() {
        EndpointCandidate connecting = FakeServers.in(
                ConnectivityState.CONNECTING,
                FakeServers.endpoint(2).version("v2").build());
        ChainScene scene = tags(List.of(BY_VERSION), v1, connecting);
        assertThat(scene.pick(FakeCall.withHeader("x-version", "v2")).hasResult())
                .isFalse();
    }

    @Test
    void fallsBackToAllServersWhereItMay() {
        Map<String, ?> rule = Map.of("key", "version", "header", "x-version", "fallback", true);
        EndpointCandidate failing = FakeServers.in(
                ConnectivityState.TRANSIENT_FAILURE,
                FakeServers.endpoint(2).version("v2").build());
        ChainScene scene = tags(List.of(rule), v1, failing);
        assertThat(scene.targets(FakeCall.withHeader("x-version", "v2"))).containsExactly("s1");
        assertThat(scene.targets(FakeCall.withHeader("x-version", "v9"))).containsExactly("s1");
    }

    @Test
    void fallsBackToTheNextRule() {
        Map<String, ?> byVersion = Map.of("key", "version", "header", "x-version", "fallback", true);
        Map<String, ?> byZone = Map.of("key", "zone", "header", "x-zone", "fallback", true);
        EndpointCandidate inZone =
                FakeServers.ready(FakeServers.endpoint(5).zone("a").build());
        ChainScene scene = tags(List.of(byVersion, byZone), v1, inZone);
        FakeCall call = FakeCall.with(RoutingKeys.TAGS, Map.of("version", "v9", "zone", "a"));
        assertThat(scene.targets(call)).containsExactly("s5");
    }

    @Test
    void givesACanaryItsShareAndTheOthersTheRest() {
        ChainScene scene = tags(List.of(split(Map.of("v2", 5))), v1, v2, noVersion);
        Map<String, Integer> picks = scene.picks(40_000);
        assertThat(picks.get("s2")).isBetween(1_850, 2_150);
        assertThat(picks.get("s1")).isCloseTo(picks.get("s3"), within(1));
    }

    @Test
    void splitsAmongSeveral() {
        EndpointCandidate v3 =
                FakeServers.ready(FakeServers.endpoint(6).version("v3").build());
        ChainScene scene = tags(List.of(split(Map.of("v2", 50, "v3", 50.0))), v1, v2, v3);
        Map<String, Integer> picks = scene.picks(10_000);
        assertThat(picks).containsOnlyKeys("s2", "s6");
        assertThat(picks.get("s2")).isBetween(4_800, 5_200);
    }

    @Test
    void splitsOnlyCallsThatNameNoValue() {
        ChainScene scene = tags(List.of(split(Map.of("v2", 100))), v1, v2);
        assertThat(scene.targets(FakeCall.withHeader("x-version", "v1"))).containsExactly("s1");
    }

    @Test
    void givesTheShareOfACanaryThatIsNotThereToAll() {
        ChainScene scene = tags(List.of(split(Map.of("v2", 50))), v1, noVersion);
        assertThat(scene.picks(1_000)).containsOnlyKeys("s1", "s3");
        ChainScene onlyCanary = tags(List.of(split(Map.of("v2", 5))), v2);
        assertThat(onlyCanary.picks(100)).containsOnlyKeys("s2");
    }

    @Test
    void choosesAmongUsableServersOnly() {
        EndpointCandidate other =
                FakeServers.ready(FakeServers.endpoint(7).version("v2").build());
        Map<String, ?> ejection = Map.of("failurePercentageEjection", Map.of("minimumHosts", 1));
        ChainScene scene = new ChainScene(Map.of("tags", List.of(BY_VERSION), "outlierDetection", ejection));
        scene.with(v1, v2, other);
        scene.callsFail(2, 2);
        scene.forward(Duration.ofSeconds(10));
        assertThat(scene.targets(FakeCall.withHeader("x-version", "v2"))).containsExactly("s7");
    }

    private static Map<String, ?> split(Map<String, ?> split) {
        return Map.of("key", "version", "header", "x-version", "split", split);
    }

    private static ChainScene tags(List<Map<String, ?>> rules, EndpointCandidate... servers) {
        return new ChainScene(Map.of("tags", rules)).with(servers);
    }
}
