package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static io.github.grpclb.xds.resource.ResourceType.CLUSTER;
import static io.github.grpclb.xds.resource.ResourceType.ENDPOINTS;
import static io.github.grpclb.xds.resource.ResourceType.LISTENER;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The incremental protocol, scenario by scenario. */
class DeltaTest {

    private final Scene scene = new Scene();
    private final Scene.DeltaClient client = scene.deltaClient();

    @Test
    void answersEachTypeOnOneStream() {
        scene.source.list("a", endpoint("a", 1));
        client.subscribe(LISTENER, "a");
        assertThat(names(client.read())).containsExactly("a");
        client.subscribe(ENDPOINTS, "a");
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void tellsOfTheOneServiceThatChanged() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 2));
        client.subscribe(ENDPOINTS, "a", "b");
        DeltaDiscoveryResponse first = client.read();
        assertThat(names(first)).containsExactly("a", "b");
        client.accept(first);
        scene.pass(Duration.ofMinutes(1));
        assertThat(client.readAll()).isEmpty();
        scene.source.list("b", endpoint("b", 2), endpoint("b", 3));
        DeltaDiscoveryResponse second = client.read();
        assertThat(names(second)).containsExactly("b");
        assertThat(second.getResources(0).getVersion())
                .isNotEqualTo(first.getResources(1).getVersion());
    }

    @Test
    void sendsOnlyWhatIsNewAlsoOfWholeTypes() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 2));
        client.subscribe(CLUSTER, "a");
        client.accept(client.read());
        client.subscribe(CLUSTER, "b");
        assertThat(names(client.read())).containsExactly("b");
    }

    @Test
    void tellsNoMoreOfWhatIsUnsubscribed() {
        scene.source.list("a", endpoint("a", 1));
        client.subscribe(ENDPOINTS, "a");
        client.accept(client.read());
        client.unsubscribe(ENDPOINTS, "a", "never-asked-for");
        assertThat(scene.source.followed()).isZero();
        assertThat(client.readAll()).isEmpty();
    }

    @Test
    void sendsAgainToWhoSubscribesAgain() {
        scene.source.list("a", endpoint("a", 1));
        client.subscribe(ENDPOINTS, "a");
        client.accept(client.read());
        client.subscribe(ENDPOINTS, "a");
        DeltaDiscoveryResponse second = client.read();
        assertThat(names(second)).containsExactly("a");
        client.accept(second);
        client.unsubscribe(ENDPOINTS, "a");
        client.subscribe(ENDPOINTS, "a");
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void takesNoteOfSubscriptionsWhileAResponseIsNotAnswered() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 1));
        client.subscribe(ENDPOINTS, "a");
        DeltaDiscoveryResponse first = client.read();
        client.subscribe(ENDPOINTS, "b");
        assertThat(client.readAll()).isEmpty();
        client.accept(first);
        assertThat(names(client.read())).containsExactly("b");
    }

    @Test
    void saysWhatIsNotThereAndTellsOnceItIs() {
        scene.source.list("a");
        client.subscribe(ENDPOINTS, "a");
        DeltaDiscoveryResponse first = client.read();
        assertThat(first.getRemovedResourcesList()).containsExactly("a");
        client.accept(first);
        scene.source.list("a", endpoint("a", 1));
        scene.pass(Duration.ofMillis(100));
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void waitsForARegistryThatIsSilent() {
        client.subscribe(LISTENER, "a");
        scene.pass(Duration.ofSeconds(14));
        assertThat(client.readAll()).isEmpty();
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.read().getRemovedResourcesList()).containsExactly("a");
    }

    @Test
    void tellsOfAllThereAreWhoNamesNoneOrTheStar() {
        scene.source.list("a", endpoint("a", 1));
        scene.deltaClient().subscribe(ENDPOINTS, "a");
        client.subscribe(CLUSTER);
        DeltaDiscoveryResponse first = client.read();
        assertThat(names(first)).containsExactly("a");
        client.accept(first);
        client.subscribe(LISTENER, "*");
        DeltaDiscoveryResponse listeners = client.read();
        assertThat(names(listeners)).containsExactly("a");
        client.accept(listeners);
        scene.source.list("b", endpoint("b", 1));
        scene.deltaClient().subscribe(ENDPOINTS, "b");
        scene.pass(Duration.ofMillis(100));
        assertThat(client.readAll()).extracting(DeltaTest::names).containsExactly(List.of("b"), List.of("b"));
    }

    @Test
    void tellsWhoNamesNoneOfAllThatTheRegistryHas() {
        scene.source.hasCatalog = true;
        scene.source.list("a", endpoint("a", 1));
        client.subscribe(CLUSTER);
        DeltaDiscoveryResponse none = client.read();
        assertThat(names(none)).isEmpty();
        client.accept(none);
        scene.pass(Duration.ofMillis(100));
        DeltaDiscoveryResponse first = client.read();
        assertThat(names(first)).containsExactly("a");
        client.accept(first);
        scene.source.list("b", endpoint("b", 1));
        scene.pass(FollowedServices.LOOK_EVERY.multipliedBy(2));
        assertThat(names(client.read())).containsExactly("b");
        assertThat(scene.source.followed()).isEqualTo(2);
        scene.deltaClient().subscribe(ENDPOINTS, "b");
        client.unsubscribe(CLUSTER, "*");
        scene.settle();
        assertThat(scene.source.listener("a")).isNull();
        assertThat(scene.source.listener("b")).isNotNull();
        scene.source.list("c", endpoint("c", 1));
        scene.pass(FollowedServices.LOOK_EVERY.multipliedBy(2));
        assertThat(scene.source.followed()).isEqualTo(1);
    }

    @Test
    void answersWhoAsksForAllWhereThereIsNothing() {
        client.subscribe(LISTENER);
        assertThat(names(client.read())).isEmpty();
    }

    @Test
    void endsTheWildcardButNotWhatIsNamed() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("b", endpoint("b", 1));
        scene.deltaClient().subscribe(ENDPOINTS, "a", "b");
        client.subscribe(CLUSTER, "*", "b");
        DeltaDiscoveryResponse first = client.read();
        assertThat(names(first)).containsExactlyInAnyOrder("a", "b");
        client.accept(first);
        client.unsubscribe(CLUSTER, "b"); // still one of all there are
        DeltaDiscoveryResponse second = client.read();
        assertThat(names(second)).containsExactly("b");
        client.accept(second);
        client.unsubscribe(CLUSTER, "*");
        client.subscribe(CLUSTER, "a");
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void dividesWhatIsTooMuchForOneMessage() {
        String[] services = scene.listLargeServices();
        client.subscribe(ENDPOINTS, services);
        List<String> told = new ArrayList<>();
        for (List<DeltaDiscoveryResponse> next = client.readAll(); !next.isEmpty(); next = client.readAll()) {
            assertThat(next).hasSize(1);
            assertThat(next.get(0).getSerializedSize()).isLessThan(2 << 20);
            told.addAll(names(next.get(0)));
            client.accept(next.get(0));
        }
        assertThat(told).containsExactlyInAnyOrder(services);
    }

    @Test
    void keepsARejectedResourceToItselfUntilItChanges() {
        scene.source.list("a", endpoint("a", 1));
        client.subscribe(ENDPOINTS, "a");
        client.reject(client.read(), "no");
        scene.pass(Duration.ofMinutes(1));
        assertThat(client.readAll()).isEmpty();
        assertThat(scene.rejections).containsExactly("client-1 ENDPOINTS: no");
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2));
        assertThat(names(client.read())).containsExactly("a");
    }

    @Test
    void tellsWhoComesBackWhatChangedAndWhatIsGone() {
        scene.source.list("same", endpoint("same", 1));
        scene.source.list("changed", endpoint("changed", 1));
        client.subscribe(ENDPOINTS, "same", "changed");
        DeltaDiscoveryResponse first = client.read();

        Scene restarted = new Scene();
        restarted.source.list("same", endpoint("same", 1));
        restarted.source.list("changed", endpoint("changed", 2));
        restarted.source.list("gone");
        Scene.DeltaClient again = restarted.deltaClient();
        again.say(request -> request.setTypeUrl(ENDPOINTS.url())
                .addAllResourceNamesSubscribe(List.of("same", "changed", "gone"))
                .putAllInitialResourceVersions(Map.of(
                        "same",
                        first.getResources(0).getVersion(),
                        "changed",
                        first.getResources(1).getVersion(),
                        "gone",
                        "17",
                        "not wanted",
                        "17")));
        DeltaDiscoveryResponse news = merged(again.readAll());
        assertThat(names(news)).containsExactly("changed");
        assertThat(news.getRemovedResourcesList()).containsExactly("gone");
        assertThat(restarted.source.followed()).isEqualTo(3);
    }

    @Test
    void tellsWhoComesBackForAllWhatIsGone() {
        scene.source.list("gone");
        client.say(request -> request.setTypeUrl(CLUSTER.url()).putInitialResourceVersions("gone", "17"));
        assertThat(client.read().getRemovedResourcesList()).containsExactly("gone");
        assertThat(scene.source.followed()).isZero();
    }

    @Test
    void removesNothingOfWhichNobodyKnowsYetWhetherItIsThere() {
        client.say(request -> request.setTypeUrl(ENDPOINTS.url())
                .addResourceNamesSubscribe("a")
                .putInitialResourceVersions("a", "17"));
        scene.pass(Duration.ofHours(1));
        assertThat(client.readAll()).isEmpty();
        scene.source.list("a");
        assertThat(client.read().getRemovedResourcesList()).containsExactly("a");
    }

    @Test
    void waitsForASilentRegistryAsLongAsClientsDo() {
        client.subscribe(LISTENER, "a");
        scene.pass(Duration.ofSeconds(14));
        assertThat(client.readAll()).isEmpty();
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.read().getRemovedResourcesList()).containsExactly("a");
    }

    @Test
    void endsTheStreamOfAClientThatComesWithTooMuch() {
        client.say(request -> {
            request.setTypeUrl(CLUSTER.url());
            for (int i = 0; i <= 1_000; i++) {
                request.putInitialResourceVersions("made-up-" + i, "17");
            }
        });
        assertThat(Objects.requireNonNull(client.responses.status()).getCode())
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(scene.source.subscriptions()).isZero();
    }

    @Test
    void endsTheStreamOfAClientThatComesWithANameThatIsTooLong() {
        client.say(request -> request.setTypeUrl(CLUSTER.url()).putInitialResourceVersions("x".repeat(513), "17"));
        assertThat(Objects.requireNonNull(client.responses.status()).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void tellsNobodyThatTheLastServerIsGone() {
        scene.source.list("a", endpoint("a", 1));
        client.subscribe(ENDPOINTS, "a");
        client.accept(client.read());
        scene.source.list("a");
        scene.pass(Duration.ofHours(1));
        assertThat(client.readAll()).isEmpty();
    }

    /** Services become known one after the other, so that news of several may come in several responses. */
    private DeltaDiscoveryResponse merged(List<DeltaDiscoveryResponse> responses) {
        DeltaDiscoveryResponse.Builder all = DeltaDiscoveryResponse.newBuilder();
        responses.forEach(all::mergeFrom);
        return all.build();
    }

    private static List<String> names(DeltaDiscoveryResponse response) {
        return response.getResourcesList().stream().map(Resource::getName).toList();
    }
}
