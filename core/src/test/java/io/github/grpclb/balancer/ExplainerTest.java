package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.grpclb.balancer.ExplainedChannel.Server;
import io.github.grpclb.balancer.Explainer.Selection;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.github.grpclb.balancer.pick.FakeServers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.LoadObservation;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.Unlisted;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.ReasonTable;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Shows for each reason, alone and with others, that a server has it that gets no calls, or fewer, by it; and no other server has. */
class ExplainerTest {

    private static final Map<String, ?> EJECTION = Map.of(
            "interval",
            "10s",
            "maxEjectionPercent",
            40,
            "failurePercentageEjection",
            Map.of("minimumHosts", 1, "requestVolume", 10));

    private static final Selection ALL = new Selection(null, null, null, null, 0, 100);

    private final LiveEndpoints live = new LiveEndpoints();
    private final BalancerScene scene = new BalancerScene(NameResolver.Args.newBuilder()
            .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
            .setArg(BalancerArgs.CLIENT, "caller"));
    private final Explainer explainer = new Explainer(live, new LoadObservation(scene.loads()));

    @Test
    void saysThatNothingIsHeldAgainstAServer() {
        scene.acceptReady(Map.of("policy", "weighted_random"), endpoint(1).weight(3), endpoint(2));
        ExplainedChannel channel = channel();
        assertThat(channel.client()).isEqualTo("caller");
        assertThat(channel.service()).isEqualTo("svc");
        assertThat(channel.policy()).isEqualTo("weighted_random");
        assertThat(channel.state()).isEqualTo(ConnectivityState.READY);
        assertThat(channel.reason()).isNull();
        assertThat(channel.listAgeMillis()).isEqualTo(5);
        assertThat(channel.total()).isEqualTo(2);
        Server server = server(1);
        assertThat(server.takesCalls()).isTrue();
        assertThat(server.why()).isEqualTo("takes its share of calls");
        assertThat(server.verdicts())
                .containsExactly(
                        Verdict.ok(Verdict.DRAIN),
                        Verdict.ok(Verdict.WEIGHT),
                        Verdict.ok(Verdict.CONNECTION),
                        Verdict.ok(Verdict.PANIC),
                        Verdict.ok(Verdict.REGISTRY));
        assertThat(server.share().expected()).isEqualTo(0.75);
        assertThat(server.weight().effective()).isEqualTo(3);
        assertThat(server.connectedMillis()).isEqualTo(5);
    }

    @Test
    void tellsOneThatDrains() {
        scene.acceptReady(endpoint(1).state(Endpoint.State.DRAINING), endpoint(2));
        leftOut(1, Verdict.DRAIN, Reason.DRAINING, "draining: others take the new calls");
        assertThat(server(1).state()).isEqualTo(EndpointState.DRAINING);
        assertThat(server(2).share().expected()).isEqualTo(1);
        scene.accept(endpoint(1).state(Endpoint.State.DRAINING), endpoint(2).state(Endpoint.State.DRAINING));
        assertThat(server(1).takesCalls()).isTrue();
        assertThat(verdict(1, Verdict.DRAIN).passes()).isTrue();
        assertThat(server(1).why()).isEqualTo("takes its share of calls: draining, and so are all others");
    }

    @Test
    void tellsWeightZero() {
        scene.acceptReady(endpoint(1).weight(0), endpoint(2));
        leftOut(1, Verdict.WEIGHT, Reason.WEIGHT_ZERO, "weight 0: those that have more take the calls");
        scene.accept(endpoint(1).weight(0), endpoint(2).weight(0));
        assertThat(verdict(1, Verdict.WEIGHT).passes()).isTrue();
        assertThat(server(1).share().expected()).isEqualTo(0.5);
    }

    @Test
    void tellsWhoGaveAServerWeightZeroAndWhy() {
        String cause = "weight 0 by ann until 12:00: it is slow";
        scene.acceptReady(
                endpoint(1).weight(0).overridden(new Endpoint.Overridden(5, Endpoint.State.UP, List.of(cause))),
                endpoint(2));
        leftOut(
                1,
                Verdict.WEIGHT,
                Reason.WEIGHT_ZERO,
                "override: weight 0 by ann until 12:00: it is slow: those that have more take the calls");
        assertThat(server(1).why()).contains(cause);
        assertThat(server(1).weight().registered()).isEqualTo(5);
    }

    @Test
    void tellsOneThatDrainsAndHasNoWeight() {
        scene.acceptReady(endpoint(1).state(Endpoint.State.DRAINING).weight(0), endpoint(2));
        assertThat(reasons(1)).containsExactly(Reason.DRAINING, Reason.WEIGHT_ZERO);
        assertThat(server(1).why())
                .isEqualTo("gets no calls: draining: others take the new calls; "
                        + "weight 0: those that have more take the calls");
    }

    @Test
    void tellsConnectionsThatAreNotReady() {
        scene.acceptReady(endpoint(1));
        scene.accept(endpoint(1), endpoint(2), endpoint(3));
        scene.helper().subchannel(2).fails("io exception: Connection refused");
        scene.forward(35);
        leftOut(
                2,
                Verdict.CONNECTION,
                Reason.FAILING,
                "cannot be connected to for 35 s: io exception: Connection refused; 1 attempt, another is under way");
        leftOut(3, Verdict.CONNECTION, Reason.CONNECTING, "being connected to for 35 s");
        assertThat(server(2).connectedMillis()).isNull();
        scene.helper().subchannel(2).fails("io exception: no route to host");
        scene.forward(1);
        assertThat(verdict(2, Verdict.CONNECTION).detail())
                .as("since the first attempt, with what the last one says")
                .isEqualTo("cannot be connected to for 36 s: io exception: no route to host; "
                        + "2 attempts, the next begins within 920 ms");
    }

    @Test
    void tellsWhenAServerIsTriedAgainAsGrpcBacksOff() {
        scene.acceptReady(endpoint(1));
        scene.accept(endpoint(1), endpoint(2));
        for (int attempt = 0; attempt < 12; attempt++) {
            scene.helper().subchannel(2).fails("refused " + attempt);
            scene.forward(1);
        }
        assertThat(verdict(2, Verdict.CONNECTION).detail())
                .as("120 s at the most, and a fifth more by chance")
                .endsWith("; 12 attempts, the next begins within 2 min");
        scene.helper().subchannel(2).ready();
        scene.forward(1);
        scene.helper().subchannel(2).fails("lost");
        scene.forward(1);
        assertThat(verdict(2, Verdict.CONNECTION).detail()).endsWith("; 1 attempt, the next begins within 200 ms");
    }

    @Test
    void tellsUnhealthyFromUnreachable() {
        scene.acceptReady(endpoint(1));
        scene.accept(healthChecked(groups(endpoint(1), endpoint(2))));
        scene.helper().subchannel(2).fails("Health-check service responded NOT_SERVING for 'svc'");
        scene.forward(3);
        leftOut(
                2,
                Verdict.HEALTH,
                Reason.UNHEALTHY,
                "does not serve for 3 s: Health-check service responded NOT_SERVING for 'svc'");
        assertThat(verdict(2, Verdict.CONNECTION).passes()).isTrue();
        assertThat(verdict(1, Verdict.HEALTH)).isEqualTo(Verdict.ok(Verdict.HEALTH));
    }

    @Test
    void tellsOnWhichFiguresOneIsEjected() {
        scene.acceptReady(
                Map.of("outlierDetection", EJECTION, "panicThreshold", 0), endpoint(1), endpoint(2), endpoint(3));
        scene.callsFail(1);
        scene.forward(10);
        scene.forward(7);
        assertThat(verdict(1, Verdict.EJECTION).detail())
                .matches("ejected: 100 of 100 calls failed in 10 s; back in 2[2-6] s");
        leftOut(
                1,
                Verdict.EJECTION,
                Reason.EJECTED,
                verdict(1, Verdict.EJECTION).detail());
        assertThat(server(1).state()).isEqualTo(EndpointState.EJECTED);
        require("ejection.ejected", 1);
        assertThat(server(2).share().expected()).isEqualTo(0.5);
        assertThat(server(1).calls().failures()).isEqualTo(100);
        scene.forward(33);
        assertThat(reasons(1)).isEmpty();
        require("ejection.over", 1);
    }

    @Test
    void tellsTheOtherZone() {
        scene.acceptReady(
                Map.of("zone", Map.of("own", "z1")),
                endpoint(1).zone("z1"),
                endpoint(2).zone("z1"),
                endpoint(3).zone("z2"),
                endpoint(4));
        leftOut(3, Verdict.ZONE, Reason.OTHER_ZONE, "in zone z2: all calls stay in zone z1");
        leftOut(4, Verdict.ZONE, Reason.OTHER_ZONE, "in no zone: all calls stay in zone z1");
        require("zone.other", 3);
        scene.helper().subchannel(1).fails("gone");
        scene.settle();
        assertThat(server(3).takesCalls()).isTrue();
        assertThat(server(3).why())
                .isEqualTo("takes fewer calls than its weight says: in zone z2: 30 % of the calls leave zone z1");
        assertThat(server(2).share().expected()).isCloseTo(0.7, within(1e-9));
        assertThat(server(3).share().expected()).isCloseTo(0.15, within(1e-9));
    }

    @Test
    void tellsTheOwnZoneThatHasNoRoom() {
        scene.acceptReady(
                Map.of("zone", Map.of("own", "z1")),
                endpoint(1).zone("z1"),
                endpoint(2).zone("z2"));
        scene.helper().subchannel(1).fails("gone");
        scene.settle();
        assertThat(reasons(1)).containsExactly(Reason.FAILING, Reason.OTHER_ZONE);
        require("zone.gone", 1);
        require("zone.leaves", 2);
        assertThat(server(2).share().expected()).isEqualTo(1);
    }

    @Test
    void tellsOneThatIsEjectedAndInAnotherZone() {
        scene.acceptReady(
                Map.of("outlierDetection", EJECTION, "panicThreshold", 0, "zone", Map.of("own", "z1")),
                endpoint(1).zone("z2"),
                endpoint(2).zone("z1"),
                endpoint(3).zone("z1"));
        scene.callsFail(1);
        scene.forward(10);
        assertThat(reasons(1)).containsExactly(Reason.EJECTED, Reason.OTHER_ZONE);
        assertThat(server(1).why())
                .startsWith("gets no calls: ejected: 100 of 100 calls failed in 10 s; back in ")
                .endsWith("; in zone z2: all calls stay in zone z1");
    }

    @Test
    void tellsTheOtherTag() {
        scene.acceptReady(
                Map.of("tags", List.of(Map.of("key", "version", "split", Map.of("v2", 5, "v3", 0)))),
                endpoint(1).version("v1"),
                endpoint(2).version("v2"),
                endpoint(3).version("v3"));
        assertThat(server(1).share().expected()).isCloseTo(0.95, within(1e-9));
        assertThat(server(2).share().expected()).isCloseTo(0.05, within(1e-9));
        assertThat(verdict(2, Verdict.TAGS).detail())
                .isEqualTo("shares 5.000 % of the calls that name no tag with servers of its kind");
        leftOut(
                3,
                Verdict.TAGS,
                Reason.OTHER_TAG,
                "calls that name no tag go to others: only those that name version=v3 come here");
    }

    @Test
    void followsASplitWhoseServersAreAway() {
        scene.accept(
                Map.of("tags", List.of(Map.of("key", "version", "split", Map.of("v2", 50)))),
                endpoint(1).version("v1"),
                endpoint(2).version("v2"));
        scene.helper().subchannel(1).ready();
        scene.helper().subchannel(2).fails("gone");
        scene.settle();
        assertThat(server(1).share().expected()).isEqualTo(1);
        assertThat(reasons(2)).containsExactly(Reason.FAILING);
    }

    @Test
    void tellsOneThatIsBroughtBackByPanic() {
        scene.acceptReady(Map.of("outlierDetection", EJECTION), endpoint(1), endpoint(2), endpoint(3));
        scene.callsFail(1);
        scene.forward(10);
        assertThat(server(1).takesCalls()).isFalse();
        require("panic.before", 1);
        scene.helper().subchannel(2).fails("gone");
        scene.settle();
        Server back = server(1);
        assertThat(back.takesCalls()).isTrue();
        require("panic.ejected", 1);
        require("panic.gone", 2);
        assertThat(back.state()).isEqualTo(EndpointState.EJECTED);
        assertThat(back.share().expected()).isEqualTo(0.5);
        assertThat(verdict(1, Verdict.EJECTION).passes()).isFalse();
        assertThat(verdict(1, Verdict.PANIC))
                .isEqualTo(
                        new Verdict(
                                Verdict.PANIC,
                                true,
                                Reason.PANIC,
                                "panic: only 1 ready of 3 known, less than 50 %, so that ejected ones, if any, are used as well"));
        assertThat(back.why()).startsWith("takes its share of calls: ejected: ").contains("; panic: only ");
        assertThat(channel().panicking()).containsExactly("");
        assertThat(reasons(3)).isEmpty();
    }

    @Test
    void tellsWhoIsNotInTheSubset() {
        scene.acceptReady(
                Map.of("subsetSize", 2),
                IntStream.rangeClosed(1, 10).mapToObj(port -> endpoint(port)).toArray(Endpoint.Builder[]::new));
        List<Server> asleep = channel().endpoints().stream()
                .filter(each -> !each.takesCalls())
                .toList();
        assertThat(asleep).hasSize(8).allSatisfy(each -> {
            assertThat(each.verdicts())
                    .filteredOn(verdict -> !verdict.passes())
                    .extracting(Verdict::reason)
                    .containsExactly(Reason.IDLE, Reason.NOT_IN_SUBSET);
            assertThat(each.why())
                    .isEqualTo("gets no calls: connected to when a call wants it; none of the 2 that the channel"
                            + " connects to, of 10: it gets calls that name it by id, tag or hash key");
        });
        assertThat(channel().endpoints())
                .filteredOn(Server::takesCalls)
                .allSatisfy(each -> assertThat(each.share().expected()).isEqualTo(0.5));
    }

    @Test
    void tellsTagsAndZoneAndSubsetTogether() {
        Endpoint.Builder[] servers = IntStream.rangeClosed(1, 12)
                .mapToObj(
                        port -> endpoint(port).version(port <= 6 ? "v1" : "v2").zone(port % 2 == 0 ? "z2" : "z1"))
                .toArray(Endpoint.Builder[]::new);
        scene.acceptReady(
                Map.of(
                        "subsetSize",
                        1,
                        "zone",
                        Map.of("own", "z1"),
                        "tags",
                        List.of(Map.of("key", "version", "split", Map.of("v2", 0)))),
                servers);
        assertThat(channel().endpoints())
                .filteredOn(Server::takesCalls)
                .singleElement()
                .satisfies(each -> {
                    assertThat(each.endpoint().version()).isEqualTo("v1");
                    assertThat(each.endpoint().zone()).isEqualTo("z1");
                    assertThat(each.share().expected()).isEqualTo(1);
                });
        assertThat(reasons(12)).containsExactly(Reason.IDLE, Reason.OTHER_TAG, Reason.OTHER_ZONE, Reason.NOT_IN_SUBSET);
        assertThat(reasons(7)).containsExactly(Reason.IDLE, Reason.OTHER_TAG, Reason.NOT_IN_SUBSET);
        assertThat(reasons(2)).containsExactly(Reason.IDLE, Reason.OTHER_ZONE, Reason.NOT_IN_SUBSET);
    }

    @Test
    void tellsSuspects() {
        List<EquivalentAddressGroup> two = groups(endpoint(1), endpoint(2));
        scene.accept(BalancerScene.list(null, two));
        scene.helper().subchannel(1).ready();
        scene.helper().subchannel(2).ready();
        scene.settle();
        Unlisted unlisted = new Unlisted(two.subList(1, 2), List.of(), false, Status.UNAVAILABLE);
        scene.accept(BalancerScene.list(null, two.subList(0, 1)).toBuilder()
                .setAttributes(Attributes.newBuilder()
                        .set(EndpointAttributes.UNLISTED, unlisted)
                        .build())
                .build());
        scene.forward(12);
        assertThat(server(2).takesCalls()).isTrue();
        assertThat(server(2).state()).isEqualTo(EndpointState.SUSPECT);
        assertThat(verdict(2, Verdict.REGISTRY))
                .isEqualTo(new Verdict(
                        Verdict.REGISTRY,
                        true,
                        Reason.SUSPECT,
                        "not in the registry for 12 s, vanished with many others: used while its connection holds"));
    }

    @Test
    void tellsSlowStart() {
        scene.acceptReady(Map.of("slowStart", Map.of("window", "100s")), endpoint(1), endpoint(2));
        scene.forward(100);
        scene.acceptReady(Map.of("slowStart", Map.of("window", "100s")), endpoint(1), endpoint(2), endpoint(3));
        scene.forward(25);
        assertThat(verdict(3, Verdict.SLOW_START))
                .isEqualTo(
                        new Verdict(Verdict.SLOW_START, true, Reason.SLOW_START, "slow start at 26 %, for 74 s more"));
        assertThat(server(3).weight().slowStart()).isEqualTo(0.26);
        require("slow-start.new", 3);
        assertThat(server(3).weight().effective()).isEqualTo(0.26);
        assertThat(server(3).share().expected()).isCloseTo(0.26 / 2.26, within(1e-9));
        assertThat(server(3).why())
                .isEqualTo("takes fewer calls than its weight says: slow start at 26 %, for 74 s more");
        assertThat(verdict(1, Verdict.SLOW_START)).isEqualTo(Verdict.ok(Verdict.SLOW_START));
    }

    @Test
    void tellsWhatOperatorsSet() {
        String cause = "disabled by ann until 12:00: it burns";
        scene.acceptReady(endpoint(1), endpoint(2), endpoint(3));
        scene.accept(
                overridden(endpoint(1).state(Endpoint.State.DISABLED), cause),
                overridden(endpoint(2).weight(0), "weight 0 by ann until 12:00: it is slow"),
                endpoint(3));
        leftOut(1, Verdict.OVERRIDE, Reason.DISABLED, cause);
        require("override.disabled", 1);
        require("override.weight", 2);
        assertThat(server(2).why())
                .isEqualTo(
                        "gets no calls: override: weight 0 by ann until 12:00: it is slow: those that have more take the calls");
        scene.accept(endpoint(1), endpoint(2), endpoint(3));
        require("override.ended", 1);
        require("override.ended", 2);
    }

    private static Endpoint.Builder overridden(Endpoint.Builder server, String cause) {
        return server.overridden(new Endpoint.Overridden(1, Endpoint.State.UP, List.of(cause)));
    }

    @Test
    void expectsNothingOfAPolicyThatFollowsTheLoad() {
        scene.acceptReady(
                Map.of("policy", "least_request"), endpoint(1), endpoint(2).weight(0));
        assertThat(server(1).share().expected()).isNull();
        assertThat(server(2).share().expected()).isEqualTo(0);
    }

    @Test
    void showsWhatARecordSaysAsItIs() {
        scene.acceptReady(endpoint(1).id("<script>alert(1)</script>").zone("\"'>"));
        assertThat(server(1).endpoint().id()).isEqualTo("<script>alert(1)</script>");
        assertThat(channel().endpoints())
                .singleElement()
                .satisfies(each -> assertThat(each.endpoint().zone()).isEqualTo("\"'>"));
    }

    @Test
    void showsAChannelWithoutServersAndOneWithoutConnections() {
        scene.resolverFails(Status.UNAVAILABLE.withDescription("etcd:///svc: no endpoint is registered"));
        ExplainedChannel none = channel();
        assertThat(none.state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        assertThat(none.reason()).isEqualTo("etcd:///svc: no endpoint is registered");
        assertThat(none.endpoints()).isEmpty();
        scene.accept(endpoint(1));
        assertThat(channel().reason()).isEqualTo("none of 1 servers is connected yet: calls wait");
        scene.helper().subchannel(1).fails("refused");
        assertThat(channel().state()).isEqualTo(ConnectivityState.TRANSIENT_FAILURE);
        assertThat(channel().reason()).isEqualTo("none of 1 servers takes calls");
        scene.shutdown();
        assertThat(explainer.explain(ALL)).as("nobody knows its resolver").isEmpty();
    }

    @Test
    void dividesServersIntoPages() {
        scene.acceptReady(
                Map.of("policy", "weighted_random"),
                IntStream.rangeClosed(1, 30)
                        .mapToObj(port -> endpoint(port).weight(port).zone(port % 2 == 0 ? "Even" : null))
                        .toArray(Endpoint.Builder[]::new));
        assertThat(ids(new Selection(null, null, null, null, 28, 10))).containsExactly("s29", "s30");
        assertThat(ids(new Selection(null, null, null, "-weight", 0, 2))).containsExactly("s30", "s29");
        assertThat(ids(new Selection(null, null, null, "expected", 1, 2))).containsExactly("s2", "s3");
        assertThat(ids(new Selection(null, null, null, "-zone", 15, 2)))
                .as("those without one come last")
                .containsExactly("s1", "s3");
        explainer.explain(ALL);
        FakeServers.calls(load(7), 3, CallOutcome.FAILURE);
        assertThat(ids(new Selection(null, null, null, "-failures", 0, 1))).containsExactly("s7");
        assertThat(ids(new Selection(null, null, null, "-share", 0, 1))).containsExactly("s7");
        assertThat(ids(new Selection(null, null, null, "p99", 0, 1)))
                .as("the only one of which it is known")
                .containsExactly("s7");
        Selection searched = new Selection("svc", "caller", "eVEN", null, 14, 5);
        assertThat(ids(searched)).containsExactly("s30");
        assertThat(explainer.explain(searched).get(0).found()).isEqualTo(15);
        assertThat(explainer.explain(searched).get(0).total()).isEqualTo(30);
        assertThat(explainer.explain(searched).get(0).counts())
                .containsExactlyEntriesOf(Map.of(EndpointState.READY, 30));
        assertThat(explainer.explain(new Selection("other", null, null, null, 0, 5)))
                .isEmpty();
        assertThat(explainer.explain(new Selection(null, "other", null, null, 0, 5)))
                .isEmpty();
        assertThatThrownBy(() -> explainer.explain(new Selection(null, null, null, "colour", 0, 5)))
                .hasMessageStartingWith("sort: 'colour' (expected: one of address, id, ");
    }

    @Test
    void changesNothing() {
        scene.acceptReady(Map.of("subsetSize", 2), endpoint(1), endpoint(2), endpoint(3));
        int published = scene.helper().published();
        List<Integer> before = scene.picks(4);
        explainer.explain(ALL);
        assertThat(scene.helper().published()).isEqualTo(published);
        assertThat(scene.picks(4)).isEqualTo(before);
        assertThat(scene.helper().subchannels()).hasSize(2);
        scene.helper().pick(FakeCall.with(RoutingKeys.SERVER_ID, "s1"));
    }

    private static LoadBalancer.ResolvedAddresses healthChecked(List<EquivalentAddressGroup> groups) {
        return BalancerScene.list(null, groups).toBuilder()
                .setAttributes(Attributes.newBuilder()
                        .set(LoadBalancer.ATTR_HEALTH_CHECKING_CONFIG, Map.of("serviceName", "svc"))
                        .build())
                .build();
    }

    private static List<EquivalentAddressGroup> groups(Endpoint.Builder... servers) {
        return BalancerScene.groups(servers);
    }

    /** What is said of a server is what the table of reasons has. */
    private void require(String scene, int port) {
        Server server = server(port);
        ReasonTable.require(scene, ReasonTable.listed(server.takesCalls(), server.reasons()));
    }

    /** A server gets no calls, and of all steps one has something against it. */
    private void leftOut(int port, String step, Reason reason, String detail) {
        Server server = server(port);
        assertThat(server.takesCalls()).isFalse();
        assertThat(server.share().expected()).isZero();
        assertThat(server.verdicts())
                .filteredOn(each -> !each.passes())
                .containsExactly(new Verdict(step, false, reason, detail));
        assertThat(server.why()).isEqualTo("gets no calls: " + detail);
        assertThat(scene.ports(300)).doesNotContain(port);
    }

    private ExplainedChannel channel() {
        List<ExplainedChannel> channels = explainer.explain(ALL);
        assertThat(channels).hasSize(1);
        return channels.get(0);
    }

    private Server server(int port) {
        return channel().endpoints().stream()
                .filter(each -> each.endpoint().port() == port)
                .findFirst()
                .orElseThrow();
    }

    private Verdict verdict(int port, String step) {
        return server(port).verdicts().stream()
                .filter(each -> each.step().equals(step))
                .findFirst()
                .orElseThrow();
    }

    /** Returns the reasons other than OK. */
    private List<Reason> reasons(int port) {
        return server(port).verdicts().stream()
                .map(Verdict::reason)
                .filter(each -> each != Reason.OK)
                .toList();
    }

    private EndpointLoad load(int port) {
        return scene.loads().all().stream()
                .filter(each -> each.identity().name().equals("s" + port))
                .findFirst()
                .orElseThrow();
    }

    private List<String> ids(Selection selection) {
        return explainer.explain(selection).get(0).endpoints().stream()
                .map(each -> each.endpoint().id())
                .toList();
    }
}
