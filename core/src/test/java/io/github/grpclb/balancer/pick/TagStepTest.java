package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.testing.FakeCall;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
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
        SubchannelPicker picker = picker(List.of(BY_VERSION), v1, v2, noVersion);
        assertThat(targets(picker, FakeCall.withHeader("x-version", "v2"))).containsExactly("s2");
        assertThat(targets(picker, FakeCall.withHeader("x-version", "v1"))).containsExactly("s1");
    }

    @Test
    void goesByTheCallsOptionBeforeItsHeader() {
        SubchannelPicker picker = picker(List.of(BY_VERSION), v1, v2);
        assertThat(targets(picker, FakeCall.with(RoutingKeys.TAGS, Map.of("version", "v2"))))
                .containsExactly("s2");
        assertThat(targets(picker, FakeCall.with(RoutingKeys.TAGS, Map.of("other", "v2"))))
                .containsExactly("s1", "s2");
    }

    @Test
    void leavesCallsThatNameNothingToThePolicy() {
        SubchannelPicker picker = picker(List.of(BY_VERSION), v1, v2, noVersion);
        assertThat(targets(picker, FakeCall.PLAIN)).containsExactly("s1", "s2", "s3");
        assertThat(targets(picker, FakeCall.withHeader("x-version", " "))).containsExactly("s1", "s2", "s3");
    }

    @Test
    void goesByAnyMetadataAndByZone() {
        EndpointCandidate blue = FakeServers.ready(FakeServers.endpoint(4)
                .zone("b")
                .metadata(Map.of("colour", "blue"))
                .build());
        SubchannelPicker picker =
                picker(List.of(Map.of("key", "colour"), Map.of("key", "zone", "header", "x-zone")), v1, blue);
        assertThat(targets(picker, FakeCall.with(RoutingKeys.TAGS, Map.of("colour", "blue"))))
                .containsExactly("s4");
        assertThat(targets(picker, FakeCall.withHeader("x-zone", "b"))).containsExactly("s4");
    }

    @Test
    void dropsACallWhoseValueNoServerHasAndSaysWhy() {
        PickResult result = picker(List.of(BY_VERSION), v1, v2).pickSubchannel(FakeCall.withHeader("x-version", "v9"));
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
        SubchannelPicker picker = picker(List.of(BY_VERSION), v1, connecting);
        assertThat(targets(picker, FakeCall.withHeader("x-version", "v2"))).containsExactly("nobody of /version=v2");
    }

    @Test
    void fallsBackToAllServersWhereItMay() {
        Map<String, ?> rule = Map.of("key", "version", "header", "x-version", "fallback", true);
        EndpointCandidate failing = FakeServers.in(
                ConnectivityState.TRANSIENT_FAILURE,
                FakeServers.endpoint(2).version("v2").build());
        SubchannelPicker picker = picker(List.of(rule), v1, failing);
        assertThat(targets(picker, FakeCall.withHeader("x-version", "v2"))).containsExactly("s1");
        assertThat(targets(picker, FakeCall.withHeader("x-version", "v9"))).containsExactly("s1");
    }

    @Test
    void fallsBackToTheNextRule() {
        Map<String, ?> byVersion = Map.of("key", "version", "header", "x-version", "fallback", true);
        Map<String, ?> byZone = Map.of("key", "zone", "header", "x-zone", "fallback", true);
        EndpointCandidate inZone =
                FakeServers.ready(FakeServers.endpoint(5).zone("a").build());
        SubchannelPicker picker = picker(List.of(byVersion, byZone), v1, inZone);
        FakeCall call = FakeCall.with(RoutingKeys.TAGS, Map.of("version", "v9", "zone", "a"));
        assertThat(targets(picker, call)).containsExactly("s5");
    }

    @Test
    void givesACanaryItsShareAndTheOthersTheRest() {
        SubchannelPicker picker = picker(List.of(split(Map.of("v2", 5))), v1, v2, noVersion);
        Map<String, Integer> picks = FakeServers.picks(picker, 40_000);
        assertThat(picks.get("s2")).isBetween(1_850, 2_150);
        assertThat(picks.get("s1")).isCloseTo(picks.get("s3"), within(1));
    }

    @Test
    void splitsAmongSeveral() {
        EndpointCandidate v3 =
                FakeServers.ready(FakeServers.endpoint(6).version("v3").build());
        SubchannelPicker picker = picker(List.of(split(Map.of("v2", 50, "v3", 50.0))), v1, v2, v3);
        Map<String, Integer> picks = FakeServers.picks(picker, 10_000);
        assertThat(picks).containsOnlyKeys("s2", "s6");
        assertThat(picks.get("s2")).isBetween(4_800, 5_200);
    }

    @Test
    void splitsOnlyCallsThatNameNoValue() {
        SubchannelPicker picker = picker(List.of(split(Map.of("v2", 100))), v1, v2);
        assertThat(targets(picker, FakeCall.withHeader("x-version", "v1"))).containsExactly("s1");
    }

    @Test
    void givesTheShareOfACanaryThatIsNotThereToAll() {
        SubchannelPicker picker = picker(List.of(split(Map.of("v2", 50))), v1, noVersion);
        assertThat(FakeServers.picks(picker, 1_000)).containsOnlyKeys("s1", "s3");
        SubchannelPicker onlyCanary = picker(List.of(split(Map.of("v2", 5))), v2);
        assertThat(FakeServers.picks(onlyCanary, 100)).containsOnlyKeys("s2");
    }

    @Test
    void choosesAmongUsableServersOnly() {
        EndpointCandidate other =
                FakeServers.ready(FakeServers.endpoint(7).version("v2").build());
        Pool pool = Pool.of(List.of(v1, v2, other)).withUsable(List.of(v1, other));
        SubchannelPicker picker = step(List.of(BY_VERSION)).picker(pool, FakeServers::inTurn);
        assertThat(targets(picker, FakeCall.withHeader("x-version", "v2"))).containsExactly("s7");
    }

    private static Map<String, ?> split(Map<String, ?> split) {
        return Map.of("key", "version", "header", "x-version", "split", split);
    }

    private static Set<String> targets(SubchannelPicker picker, FakeCall call) {
        Set<String> targets = new TreeSet<>();
        for (int i = 0; i < 20; i++) {
            targets.add(FakeServers.pick(picker, call));
        }
        return targets;
    }

    private static SubchannelPicker picker(List<Map<String, ?>> rules, EndpointCandidate... servers) {
        return step(rules).picker(Pool.of(List.of(servers)), FakeServers::inTurn);
    }

    private static TagStep step(List<Map<String, ?>> rules) {
        List<TagRule> parsed =
                rules.stream().map(rule -> TagRule.parse(ConfigFields.of(rule))).toList();
        return new TagStep(
                parsed,
                new CallTracking(new EndpointLoads(), null, new LogLimit(System::nanoTime)),
                0,
                new Random(3)::nextDouble);
    }
}
