package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static io.github.grpclb.xds.resource.ResourceType.CLUSTER;
import static io.github.grpclb.xds.resource.ResourceType.ENDPOINTS;
import static io.github.grpclb.xds.resource.ResourceType.LISTENER;
import static io.github.grpclb.xds.resource.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.xds.config.AllowedNodes;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.config.XdsOptions;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The state-of-the-world protocol, scenario by scenario. */
@ExtendWith(CapturedLog.Extension.class)
class StateOfTheWorldTest {

    private final Scene scene = new Scene();
    private final Scene.WholeClient client = scene.wholeClient();

    @Test
    void answersEachTypeOnOneStream() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(LISTENER, "a");
        assertThat(names(client.read())).containsExactly("a");
        client.ask(ROUTES, "a");
        assertThat(names(client.read())).containsExactly("a");
        client.ask(CLUSTER, "a");
        assertThat(names(client.read())).containsExactly("a");
        client.ask(ENDPOINTS, "a");
        DiscoveryResponse endpoints = client.read();
        assertThat(endpoints.getTypeUrl()).isEqualTo(ENDPOINTS.url());
        assertThat(ports(endpoints)).containsExactly(1);
        assertThat(scene.source.subscriptions()).isOne();
    }

    @Test
    void saysNothingToWhoAccepts() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.pass(Duration.ofMinutes(1));
        assertThat(client.readAll()).isEmpty();
    }

    @Test
    void tellsOfTheOneServiceThatChanged() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 2));
        client.ask(ENDPOINTS, "a", "b");
        DiscoveryResponse first = client.read();
        assertThat(names(first)).containsExactly("a", "b");
        client.accept(first, "a", "b");
        scene.source.list("b", endpoint("b", 2), endpoint("b", 3));
        scene.pass(Duration.ofMillis(100));
        DiscoveryResponse second = client.read();
        assertThat(names(second)).containsExactly("b");
        assertThat(second.getVersionInfo()).isNotEqualTo(first.getVersionInfo());
        assertThat(second.getNonce()).isNotEqualTo(first.getNonce());
    }

    @Test
    void measuresForHowLongAChangeWaited() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.pass(Duration.ofMinutes(1));
        assertThat(scene.accepted).isEmpty(); // the answer to a question is no change
        scene.source.list("a", endpoint("a", 2));
        scene.settle();
        scene.pass(Duration.ofMillis(30));
        DiscoveryResponse first = client.read();
        scene.source.list("a", endpoint("a", 3));
        scene.pass(Duration.ofMillis(200));
        client.accept(first, "a");
        client.accept(client.read(), "a");
        assertThat(scene.accepted).containsExactly(Duration.ofMillis(230), Duration.ofMillis(130));
    }

    @Test
    void measuresNothingOfWhatAClientRejects() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.source.list("a", endpoint("a", 2));
        scene.pass(Duration.ofMillis(100));
        client.reject(client.read(), "", "no", "a");
        client.ask(CLUSTER, "a");
        client.accept(client.read(), "a");
        assertThat(scene.accepted).isEmpty();
    }

    @Test
    void servesOnlyTheNodesOnItsList() {
        Scene guarded = new Scene(new XdsOptions(
                XdsOptions.DEFAULT.settings(),
                XdsOptions.DEFAULT.staleMax(),
                2,
                new StreamLimits(10, 100, new AllowedNodes(List.of("client-1", "shop-*"))),
                null));
        guarded.source.list("a", endpoint("a", 1));
        Scene.WholeClient known = guarded.wholeClient();
        known.ask(CLUSTER, "a");
        assertThat(known.readAll()).hasSize(1);
        Scene.WholeClient stranger = guarded.wholeClient();
        stranger.say(request -> request.setTypeUrl(CLUSTER.url())
                .addResourceNames("a")
                .getNodeBuilder()
                .setId("shop"));
        assertThat(stranger.readAll()).isEmpty();
        assertThat(stranger.responses.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(stranger.responses.status().getDescription()).contains("\"shop\"", "list of nodes");
    }

    @Test
    void sendsAllOfAWholeTypeAndOfOthersWhatIsNew() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 2));
        client.ask(CLUSTER, "a");
        client.accept(client.read(), "a", "b");
        assertThat(names(client.read())).containsExactly("a", "b");
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a", "b");
        assertThat(names(client.read())).containsExactly("b");
    }

    @Test
    void tellsNoMoreOfWhatIsNoLongerWanted() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 2));
        client.ask(ENDPOINTS, "a", "b");
        client.accept(client.read(), "b");
        scene.source.list("a", endpoint("a", 3));
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.readAll()).isEmpty();
        assertThat(scene.source.followed()).isOne();
    }

    @Test
    void sendsAgainWhatIsWantedAgain() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 2));
        client.ask(ENDPOINTS, "a", "b");
        DiscoveryResponse first = client.read();
        client.accept(first, "b");
        client.accept(first, "a", "b");
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void tellsOfAllThereAreWhoNamesNone() {
        scene.source.list("a", endpoint("a", 1));
        scene.wholeClient().ask(LISTENER, "a");
        client.ask(CLUSTER);
        DiscoveryResponse first = client.read();
        assertThat(names(first)).containsExactly("a");
        client.accept(first);
        scene.source.list("b", endpoint("b", 1));
        scene.wholeClient().ask(LISTENER, "b");
        scene.pass(Duration.ofMillis(100));
        assertThat(names(client.read())).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void answersWhoAsksForAllWhereThereIsNothing() {
        client.ask(LISTENER);
        assertThat(client.read().getResourcesList()).isEmpty();
    }

    @Test
    void takesTheStarForAllAndNamesBesidesIt() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 1));
        scene.wholeClient().ask(LISTENER, "a");
        client.ask(CLUSTER, "*", "b");
        assertThat(names(client.read())).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void takesNoNamesAfterSomeForNone() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(CLUSTER, "a");
        client.accept(client.read());
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.readAll()).isEmpty();
        assertThat(scene.source.followed()).isZero();
    }

    @Test
    void ignoresWhatIsSaidOfAnOlderResponse() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        DiscoveryResponse first = client.read();
        client.accept(first, "a");
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2));
        scene.pass(Duration.ofMillis(100));
        DiscoveryResponse second = client.read();
        client.accept(first, "b");
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2), endpoint("a", 3));
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.readAll()).isEmpty(); // the second is not answered yet
        client.accept(second, "a");
        assertThat(ports(client.read())).containsExactly(1, 2, 3);
    }

    @Test
    void dividesWhatIsTooMuchForOneMessage() {
        String[] services = scene.listLargeServices();
        client.ask(ENDPOINTS, services);
        List<String> told = new ArrayList<>();
        for (List<DiscoveryResponse> next = client.readAll(); !next.isEmpty(); next = client.readAll()) {
            assertThat(next).hasSize(1);
            assertThat(next.get(0).getSerializedSize()).isLessThan(2 << 20);
            told.addAll(names(next.get(0)));
            client.accept(next.get(0), services);
        }
        assertThat(told).containsExactlyInAnyOrder(services);
    }

    @Test
    void keepsARejectedResourceToItselfUntilItChanges(CapturedLog log) {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        client.reject(client.read(), "", "no such\nthing", "a");
        scene.pass(Duration.ofMinutes(1));
        assertThat(client.readAll()).isEmpty();
        scene.source.list("a", endpoint("a", 2));
        scene.pass(Duration.ofMillis(100));
        DiscoveryResponse second = client.read();
        assertThat(ports(second)).containsExactly(2);
        client.reject(second, "", "no such\nthing", "a");
        assertThat(log).containsOnlyOnce("client-1 rejects a resource of type ENDPOINTS: no such\\u000athing");
        assertThat(scene.rejections)
                .containsExactly("client-1 ENDPOINTS: no such\\u000athing", "client-1 ENDPOINTS: no such\\u000athing");
    }

    @Test
    void saysOfWholeTypesThatSomethingIsNotThereAndTellsOnceItIs() {
        scene.source.list("a");
        client.ask(LISTENER, "a");
        DiscoveryResponse first = client.read();
        assertThat(first.getResourcesList()).isEmpty();
        client.accept(first, "a");
        scene.source.list("a", endpoint("a", 1));
        scene.pass(Duration.ofMillis(100));
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void saysNothingOfOthersThatAreNotThereAndTellsOnceTheyAre() {
        scene.source.list("a");
        client.ask(ENDPOINTS, "a");
        assertThat(client.readAll()).isEmpty();
        scene.source.list("a", endpoint("a", 1));
        scene.pass(Duration.ofMillis(100));
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void takesANameThatNoServiceCanHaveForNone() {
        client.ask(LISTENER, "a%b");
        assertThat(client.read().getResourcesList()).isEmpty();
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void saysOnceThatAServiceHasMoreValuesThanItHasClusters(CapturedLog log) {
        Scene tagged = new Scene(XdsOptions.DEFAULT.withService(
                "a",
                ServiceSettings.DEFAULT.withTags(List.of(new TagRule(
                        "version", Metadata.Key.of("v", Metadata.ASCII_STRING_MARSHALLER), true, Map.of())))));
        Scene.WholeClient follower = tagged.wholeClient();
        follower.ask(ROUTES, "a");
        for (int versions = 200; versions < 203; versions++) {
            tagged.source.list(
                    "a",
                    IntStream.rangeClosed(1, versions)
                            .mapToObj(port -> endpoint("a", port).toBuilder()
                                    .version("v" + port)
                                    .build())
                            .toList());
            tagged.pass(Duration.ofSeconds(1));
            follower.accept(follower.read(), "a");
        }
        assertThat(log).containsOnlyOnce("a: 201 values of its tags (expected: at most 200)");
        assertThat(log).doesNotContain("a: 200 values", "a: 202 values");
    }

    /** A client's stream would end for a message that is too large, and again after each reconnect: for all of its services. */
    @Test
    void keepsALaterListToItselfThatNoClientTakes() {
        scene.source.list("small", endpoint("small", 1));
        scene.source.list("large", endpoint("large", 1));
        client.ask(ENDPOINTS, "small", "large");
        client.accept(client.read(), "small", "large");
        List<Endpoint> endpoints = new ArrayList<>();
        for (int port = 1; port <= 65_000; port++) {
            endpoints.add(endpoint("large", port));
        }
        scene.source.list("large", endpoints);
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.readAll()).isEmpty();
        scene.source.list("small", endpoint("small", 2));
        scene.pass(Duration.ofSeconds(1));
        assertThat(names(client.read())).containsExactly("small");
    }

    @Test
    void asksASourceAgainThatFails() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.failing = true;
        client.ask(LISTENER, "a");
        assertThat(client.responses.status()).isNull();
        assertThat(client.readAll()).isEmpty();
        scene.source.failing = false;
        scene.pass(Duration.ofSeconds(5));
        assertThat(names(client.read())).containsExactly("a");
        client.end();
        assertThat(scene.source.followed()).isZero();
        assertThat(scene.discovery.openStreams()).isZero();
    }

    @Test
    void waitsForARegistryThatIsSilent() {
        client.ask(LISTENER, "a");
        assertThat(client.readAll()).isEmpty();
        scene.pass(Duration.ofSeconds(14));
        assertThat(client.readAll()).isEmpty();
        scene.source.list("a", endpoint("a", 1));
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void waitsForASilentRegistryAsLongAsClientsDo() {
        client.ask(LISTENER, "a");
        scene.pass(Duration.ofSeconds(15));
        DiscoveryResponse first = client.read();
        assertThat(first.getResourcesList()).isEmpty();
        client.accept(first, "a");
        scene.source.list("a", endpoint("a", 1));
        scene.pass(Duration.ofMillis(100));
        assertThat(names(client.read())).containsExactly("a");
    }

    /** As after a restart of the control plane while the registry is away: without its listener a client would fail all calls. */
    @Test
    void takesNothingFromWhoComesBackWhileTheRegistryIsSilent() {
        client.say(request ->
                request.setTypeUrl(LISTENER.url()).setVersionInfo("of before").addResourceNames("a"));
        scene.pass(Duration.ofHours(1));
        assertThat(client.readAll()).isEmpty();
        scene.source.list("a", endpoint("a", 1));
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void tellsWhoComesBackOfWhatTheRegistryDoesNotHaveOnceItSaysSo() {
        client.say(request ->
                request.setTypeUrl(LISTENER.url()).setVersionInfo("of before").addResourceNames("a"));
        scene.pass(Duration.ofHours(1));
        scene.source.list("a");
        assertThat(client.read().getResourcesList()).isEmpty();
    }

    @Test
    void sendsAllToWhoComesBack() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        DiscoveryResponse first = client.read();
        client.accept(first, "a");
        client.end();
        Scene.WholeClient again = scene.wholeClient(); // with that version, and maybe without what it stood for
        again.say(request -> request.setTypeUrl(ENDPOINTS.url())
                .setVersionInfo(first.getVersionInfo())
                .addResourceNames("a"));
        DiscoveryResponse second = again.read();
        assertThat(names(second)).containsExactly("a");
        assertThat(second.getVersionInfo()).isEqualTo(first.getVersionInfo());
    }

    @Test
    void takesNoNonceOfAStreamBeforeForAnOldOne() {
        scene.source.list("a", endpoint("a", 1));
        client.say(request ->
                request.setTypeUrl(ENDPOINTS.url()).setResponseNonce("17").addResourceNames("a"));
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void tellsNobodyThatTheLastServerIsGone() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.source.list("a");
        scene.pass(Duration.ofHours(1));
        assertThat(client.readAll()).isEmpty();
        Scene.WholeClient other = scene.wholeClient();
        other.ask(ENDPOINTS, "a");
        assertThat(ports(other.read())).containsExactly(1);
    }

    @Test
    void keepsServersThatVanishedTogether() {
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2), endpoint("a", 3), endpoint("a", 4));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.source.list("a", endpoint("a", 3));
        scene.pass(Duration.ofMinutes(29));
        assertThat(client.readAll()).isEmpty();
        scene.pass(Duration.ofMinutes(2));
        assertThat(ports(client.read())).containsExactly(3);
    }

    @Test
    void holdsSuspectsWhileTheRegistryIsAway() {
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2), endpoint("a", 3));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.source.list("a");
        EndpointListener listener = Objects.requireNonNull(scene.source.listener("a"));
        listener.onReachable(false);
        scene.pass(Duration.ofHours(5));
        assertThat(client.readAll()).isEmpty();
        listener.onReachable(true);
        scene.source.list("a", endpoint("a", 2));
        scene.pass(Duration.ofMinutes(31));
        assertThat(ports(client.read())).containsExactly(2);
    }

    @Test
    void tellsOfALostServerAtOnceAndOfManyChangesTogether() {
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2), endpoint("a", 3));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.pass(Duration.ofSeconds(1));
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2));
        DiscoveryResponse atOnce = client.read();
        assertThat(ports(atOnce)).containsExactly(1, 2);
        client.accept(atOnce, "a");
        List<DiscoveryResponse> responses = new ArrayList<>();
        for (int i = 0; i < 1_100; i++) {
            if (i < 1_000) {
                scene.source.list("a", endpoint("a", 1).toBuilder().weight(i).build(), endpoint("a", 2));
            }
            scene.pass(Duration.ofMillis(1));
            for (DiscoveryResponse response : client.readAll()) {
                responses.add(response);
                client.accept(response, "a");
            }
        }
        assertThat(responses).hasSizeBetween(9, 11);
        assertThat(weights(responses.get(responses.size() - 1))).containsExactly(999, 1);
    }

    @Test
    void waitsForAClientThatDoesNotRead() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        DiscoveryResponse first = client.read();
        client.responses.ready(false);
        client.accept(first, "a");
        for (int weight = 2; weight < 50; weight++) {
            scene.source.list("a", endpoint("a", 1).toBuilder().weight(weight).build());
            scene.pass(Duration.ofSeconds(1));
        }
        assertThat(client.readAll()).isEmpty();
        client.responses.ready(true);
        assertThat(weights(client.read())).containsExactly(49);
    }

    @Test
    void sendsNoSecondResponseBeforeTheFirstIsAnswered() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        DiscoveryResponse first = client.read();
        scene.source.list("a", endpoint("a", 2));
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.readAll()).isEmpty();
        client.accept(first, "a");
        assertThat(ports(client.read())).containsExactly(2);
    }

    @Test
    void putsTheServersOfTheClientsZoneFirst() throws InvalidProtocolBufferException {
        scene.source.list(
                "a",
                endpoint("a", 1).toBuilder().zone("z2").build(),
                endpoint("a", 2).toBuilder().zone("z1").build());
        client.ask(ENDPOINTS, "a");
        ClusterLoadAssignment assignment = client.read().getResources(0).unpack(ClusterLoadAssignment.class);
        assertThat(assignment.getEndpointsList())
                .extracting(each -> each.getLocality().getZone() + " " + each.getPriority())
                .containsExactly("z1 0", "z2 1");
    }

    @Test
    void followsNothingForWhoHasLeft() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        client.ask(CLUSTER);
        client.end();
        assertThat(client.responses.completed()).isTrue();
        assertThat(scene.source.followed()).isZero();
        assertThat(scene.discovery.openStreams()).isZero();
        Scene.WholeClient other = scene.wholeClient();
        other.ask(ENDPOINTS, "a");
        other.responses.cancel();
        scene.settle();
        assertThat(scene.source.followed()).isZero();
        assertThat(scene.discovery.openStreams()).isZero();
    }

    @Test
    void endsAStreamThatAsksForTooMuchAndNoOther() {
        Scene narrow = new Scene(new XdsOptions(
                XdsOptions.DEFAULT.settings(), Duration.ZERO, 3, new StreamLimits(2, 5, AllowedNodes.ALL), null));
        narrow.source.list("a", endpoint("a", 1));
        Scene.WholeClient good = narrow.wholeClient();
        good.ask(ENDPOINTS, "a");
        Scene.WholeClient greedy = narrow.wholeClient();
        greedy.ask(ENDPOINTS, "a", "b", "c");
        assertThat(statusOf(greedy).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(statusOf(greedy).getDescription()).isEqualTo("3 resources on one stream (expected: at most 2)");
        Scene.WholeClient wordy = narrow.wholeClient();
        wordy.ask(ENDPOINTS, "abcdef");
        assertThat(statusOf(wordy).getDescription())
                .isEqualTo("a resource's name has 6 characters (expected: at most 5): abcdef");
        assertThat(narrow.source.followed()).isOne();
        assertThat(names(good.read())).containsExactly("a");
        narrow.wholeClient();
        narrow.wholeClient();
        Scene.WholeClient fourth = narrow.wholeClient();
        narrow.settle();
        assertThat(statusOf(fourth).getDescription()).isEqualTo("there are 3 streams already (expected: at most 3)");
    }

    @Test
    void saysNothingOfTypesThatItDoesNotKnowAndRefusesWhoNamesNone() {
        client.say(request -> request.setTypeUrl("type.googleapis.com/envoy.service.runtime.v3.Runtime"));
        assertThat(client.readAll()).isEmpty();
        assertThat(client.responses.status()).isNull();
        client.say(request -> {});
        assertThat(statusOf(client).getDescription()).isEqualTo("type_url is missing");
    }

    @Test
    void readsOneRequestAfterTheOther() {
        assertThat(client.responses.requested()).isOne();
        client.ask(ENDPOINTS, "a");
        assertThat(client.responses.requested()).isEqualTo(2);
    }

    @Test
    void sendsClientsElsewhereWhenItEnds() {
        client.ask(ENDPOINTS, "a");
        scene.discovery.close();
        scene.settle();
        assertThat(statusOf(client).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(scene.source.followed()).isZero();
        Scene.WholeClient late = scene.wholeClient();
        scene.settle();
        assertThat(statusOf(late).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }

    private static Status statusOf(Scene.WholeClient client) {
        return Objects.requireNonNull(client.responses.status());
    }

    private static List<String> names(DiscoveryResponse response) {
        return response.getResourcesList().stream().map(Scene::nameOf).toList();
    }

    private static List<Integer> ports(DiscoveryResponse response) {
        return localities(response).stream()
                .flatMap(locality -> locality.getLbEndpointsList().stream())
                .map(each -> each.getEndpoint().getAddress().getSocketAddress().getPortValue())
                .toList();
    }

    private static List<Integer> weights(DiscoveryResponse response) {
        return localities(response).stream()
                .map(locality -> locality.getLoadBalancingWeight().getValue())
                .toList();
    }

    private static List<LocalityLbEndpoints> localities(DiscoveryResponse response) {
        try {
            return response.getResources(0).unpack(ClusterLoadAssignment.class).getEndpointsList();
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }
}
