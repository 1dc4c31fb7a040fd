package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.grpclb.discovery.EndpointSource.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A Service as subscribers see it, while all goes well. */
class SliceFeedTest {

    private final FeedScene scene = new FeedScene();

    @Test
    void deliversTheListAndEveryChange() {
        scene.ready("a", "10.0.0.1", "10.0.0.2");
        scene.subscribe();
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090 10.0.0.2:9090");
        scene.ready("b", "10.0.0.3");
        scene.after(FeedScene.A_MOMENT);
        scene.cluster.put(
                "shop",
                SliceBuilder.grpc("a", "greeter", 9090)
                        .terminating("10.0.0.1", "pod-10-0-0-1", true)
                        .ready("10.0.0.2", "pod-10-0-0-2"));
        scene.after(FeedScene.A_MOMENT);
        scene.cluster.delete("shop", "a");
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.lists())
                .containsExactly(
                        "10.0.0.1:9090 10.0.0.2:9090",
                        "10.0.0.1:9090 10.0.0.2:9090 10.0.0.3:9090",
                        "10.0.0.1:9090~ 10.0.0.2:9090 10.0.0.3:9090",
                        "10.0.0.3:9090");
        assertThat(scene.heard.snapshots().get(3).revision()).isEqualTo(scene.cluster.version());
        assertThat(scene.api.lists()).hasSize(1);
        assertThat(scene.restarts).isEmpty();
    }

    @Test
    void deliversAnEmptyListAsOne() {
        scene.subscribe();
        assertThat(scene.heard.lists()).containsExactly("");
        scene.ready("a", "10.0.0.1");
        scene.after(FeedScene.A_MOMENT);
        scene.cluster.put("shop", SliceBuilder.slice("a", "greeter").withNulls());
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.lists()).containsExactly("", "10.0.0.1:9090", "");
    }

    @Test
    void followsTheServiceOfItsNamespaceAlone() {
        scene.ready("a", "10.0.0.1");
        scene.cluster.put("other", SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.2", "p2"));
        scene.cluster.put("shop", SliceBuilder.grpc("b", "greeter2", 9090).ready("10.0.0.3", "p3"));
        scene.subscribe();
        Heard other = new Heard();
        scene.source.subscribe("greeter.other:grpc", other);
        scene.after(FeedScene.SOON);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
        assertThat(other.lists()).containsExactly("10.0.0.2:9090");
    }

    @Test
    void readsLongListsInPagesOfOneVersion() {
        for (int i = 0; i < 1000; i++) {
            scene.ready("s" + i, "10.1." + i / 250 + "." + (i % 250 + 1));
        }
        scene.subscribe();
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.snapshots()).hasSize(1);
        assertThat(scene.heard.endpoints()).hasSize(1000);
        assertThat(scene.api.lists()).hasSize(10);
        assertThat(scene.api.watched()).singleElement().asString().contains("resourceVersion=1100&");
    }

    @Test
    void aChangeBetweenTwoPagesIsNotLost() {
        for (int i = 0; i < 150; i++) {
            scene.ready("s" + i, "10.1.0." + (i + 1));
        }
        List<String> seen = new ArrayList<>();
        scene.api.onGet(() -> {
            if (scene.api.lists().size() == 2 && seen.isEmpty()) {
                seen.add("second page");
                scene.ready("zz", "10.2.0.1");
                scene.cluster.delete("shop", "s0");
            }
        });
        scene.subscribe();
        scene.after(FeedScene.A_MOMENT);
        assertThat(seen).hasSize(1);
        assertThat(scene.heard.snapshots().get(0).endpoints()).hasSize(150);
        assertThat(scene.heard.endpoints()).hasSize(150);
        assertThat(scene.heard.lists().get(1)).contains("10.2.0.1:9090").doesNotContain("10.1.0.1:9090");
        assertThat(scene.api.lists()).hasSize(2);
    }

    @Test
    void aWatchThatEndsGoesOnFromItsLastVersion() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.ready("b", "10.0.0.2");
        scene.after(FeedScene.A_MOMENT);
        scene.api.endWatches();
        scene.ready("c", "10.0.0.3");
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.api.watched()).hasSize(2);
        assertThat(scene.api.watched().get(1)).contains("resourceVersion=102&");
        assertThat(scene.api.lists()).hasSize(1);
        assertThat(scene.heard.endpoints()).hasSize(3);
        assertThat(scene.heard.reachable()).isEmpty();
        assertThat(scene.restarts).isEmpty();
    }

    @Test
    void aWatchThatBreaksGoesOnFromItsLastVersion() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.api.breakWatches();
        scene.ready("b", "10.0.0.2");
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.api.lists()).hasSize(1);
        assertThat(scene.heard.endpoints()).hasSize(2);
        assertThat(scene.heard.reachable()).isEmpty();
    }

    @Test
    void bookmarksMoveTheVersion() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        for (int i = 0; i < 50; i++) {
            scene.cluster.tick();
        }
        scene.api.bookmark();
        scene.after(FeedScene.SOON);
        scene.cluster.compact();
        scene.api.endWatches();
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.api.watched()).hasSize(2);
        assertThat(scene.api.watched().get(1))
                .contains("allowWatchBookmarks=true")
                .contains("resourceVersion=151&");
        scene.ready("b", "10.0.0.2");
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.api.lists()).hasSize(1);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
    }

    @Test
    void watchesAreRenewedForAsLongAsNothingHappens() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.after(Duration.ofHours(2));
        assertThat(scene.api.lists()).hasSize(1);
        assertThat(scene.api.watched().size()).isBetween(20, 31); // each of 4 to 6 minutes
        assertThat(scene.api.watches()).isEqualTo(1);
        assertThat(scene.heard.lists()).hasSize(1);
    }

    @Test
    void publishesAtMostTenTimesASecondAndEndsExact() {
        scene.subscribe();
        for (int i = 0; i < 1000; i++) {
            scene.ready("s" + i % 100, "10.0." + i / 250 + "." + (i % 250 + 1));
            scene.after(Duration.ofMillis(1));
        }
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.snapshots()).hasSizeLessThanOrEqualTo(14);
        assertThat(scene.heard.endpoints()).hasSize(100);
        assertThat(scene.heard.endpoints())
                .allSatisfy(endpoint -> assertThat(endpoint.host()).startsWith("10.0.3."));
    }

    @Test
    void followsAServiceOnceHoweverManySubscribe() {
        scene.ready("a", "10.0.0.1");
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Heard one = new Heard();
            all.add(one);
            scene.source.subscribe("greeter", one);
        }
        scene.after(FeedScene.SOON);
        assertThat(scene.api.requests()).isEqualTo(2);
        assertThat(all).allSatisfy(one -> assertThat(one.lists()).containsExactly("10.0.0.1:9090"));
    }

    @Test
    void hasAListAtOnceForOneWhoComesBackWhileTheApiServerIsAway() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe().close();
        scene.after(Duration.ofMinutes(30));
        scene.api.way(FakeApi.Way.DOWN);
        scene.after(Duration.ofMinutes(20));
        Heard again = new Heard();
        scene.source.subscribe("greeter", again);
        scene.after(Duration.ZERO);
        assertThat(again.lists()).containsExactly("10.0.0.1:9090");
        assertThat(again.reachable()).containsExactly(false);
    }

    @Test
    void forgetsAServiceThatNobodyWantsForLong() {
        Subscription subscription = scene.subscribe();
        subscription.close();
        scene.after(FeedScene.LINGER.plusSeconds(1));
        assertThat(scene.api.watches()).isZero();
        int requests = scene.api.requests();
        scene.after(FeedScene.LINGER);
        assertThat(scene.api.requests()).isEqualTo(requests);
    }

    @Test
    void closeEndsEverything() {
        scene.subscribe();
        scene.source.close();
        scene.after(FeedScene.SOON);
        assertThat(scene.api.watches()).isZero();
        int requests = scene.api.requests();
        scene.after(Duration.ofHours(1));
        assertThat(scene.api.requests()).isEqualTo(requests);
        assertThatIllegalStateException().isThrownBy(() -> scene.source.subscribe("greeter", scene.heard));
    }

    @Test
    void refusesNamesThatAreNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> scene.source.subscribe("Greeter/grpc", scene.heard))
                .withMessageContaining("'Greeter/grpc'");
    }

    @Test
    void aQuietWatchIsBegunAnewWhereTheListLooksStale() {
        scene.ready("a", "10.0.0.1");
        Subscription subscription = scene.subscribe();
        scene.after(Duration.ofSeconds(29));
        subscription.refresh();
        scene.after(FeedScene.SOON);
        assertThat(scene.api.watched()).hasSize(1);
        scene.after(Duration.ofSeconds(2));
        for (int i = 0; i < 100; i++) {
            subscription.refresh();
            scene.after(Duration.ofMillis(100));
        }
        assertThat(scene.api.watched()).hasSize(2);
        assertThat(scene.api.watches()).isEqualTo(1);
        assertThat(scene.api.lists()).hasSize(1);
    }

    @Test
    void tellsWhoLeftOnPurpose() {
        scene.ready("a", "10.0.0.1", "10.0.0.2");
        scene.subscribe();
        scene.after(FeedScene.A_MOMENT);
        scene.cluster.put(
                "shop",
                SliceBuilder.grpc("a", "greeter", 9090)
                        .ready("10.0.0.1", "pod-10-0-0-1")
                        .terminating("10.0.0.2", "pod-10-0-0-2", false));
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.lists().get(1)).isEqualTo("10.0.0.1:9090");
        assertThat(scene.heard.deregistered()).containsExactly("10.0.0.2:9090~");
    }

    @Test
    void saysWhyThereIsNoListWhereThePortIsWrong() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe("greeter:http");
        assertThat(scene.heard.lists()).isEmpty();
        assertThat(scene.heard.reasons())
                .singleElement()
                .asString()
                .contains("the TCP ports grpc=9090, and none that is 'http'");
        scene.cluster.put(
                "shop", SliceBuilder.slice("a", "greeter").port("http", 8080).ready("10.0.0.1", "p"));
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:8080");
        scene.ready("a", "10.0.0.1");
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:8080", "");
    }

    @Test
    void aStepThatThrowsIsTriedAgain() {
        scene.ready("a", "10.0.0.1");
        List<String> thrown = new ArrayList<>();
        scene.api.onGet(() -> {
            if (thrown.size() < 5) {
                thrown.add("again");
                throw new IllegalStateException("on purpose");
            }
        });
        scene.subscribe();
        scene.after(Duration.ofMinutes(2));
        assertThat(thrown).hasSize(5);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
        assertThat(scene.api.watches()).isEqualTo(1);
    }
}
