package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.testing.CapturedLog;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Service as subscribers see it, while something is wrong with the API server or the way to it. */
class SliceFeedFailuresTest {

    private final FeedScene scene = new FeedScene();

    private static ApiFailure answered(int code) {
        return ApiFailure.of(new ApiError(code, "said " + code, null));
    }

    private static ApiFailure answered(int code, Duration retryAfter) {
        return ApiFailure.of(new ApiError(code, "said " + code, retryAfter));
    }

    @Test
    void aForgottenVersionLeadsToAFreshList() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.api.endWatches();
        scene.ready("b", "10.0.0.2");
        scene.cluster.compact();
        scene.after(FeedScene.A_MOMENT.multipliedBy(2));
        assertThat(scene.restarts).containsExactly(Restart.COMPACTED);
        assertThat(scene.api.lists()).hasSize(2);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
        assertThat(scene.heard.reachable()).as("it answered").isEmpty();
    }

    @Test
    void anEventThatSaysSoLeadsToAFreshListToo() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.api.send(FakeCluster.event("ERROR", FakeCluster.status(410, "Expired", "too old resource version: 1 (9)"))
                .toString());
        scene.after(Duration.ofMillis(2));
        assertThat(scene.api.watches()).isZero();
        scene.ready("b", "10.0.0.2");
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.restarts).containsExactly(Restart.COMPACTED);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
        assertThat(scene.heard.reachable()).isEmpty();
    }

    @Test
    void aListWhoseNextPageIsForgottenBeginsAnew() {
        for (int i = 0; i < 150; i++) {
            scene.ready("s" + i, "10.1.0." + (i + 1));
        }
        scene.api.onGet(() -> {
            if (scene.api.lists().size() == 2) {
                scene.cluster.tick();
                scene.cluster.compact();
            }
        });
        scene.subscribe();
        assertThat(scene.heard.lists()).isEmpty();
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.api.lists()).hasSize(4);
        assertThat(scene.api.lists().get(2)).doesNotContain("continue");
        assertThat(scene.heard.endpoints()).hasSize(150);
        assertThat(scene.restarts).containsExactly(Restart.COMPACTED);
    }

    @Test
    void nothingIsDeliveredOfAListThatBreaksOff() {
        for (int i = 0; i < 150; i++) {
            scene.ready("s" + i, "10.1.0." + (i + 1));
        }
        scene.api.onGet(() -> {
            if (scene.api.lists().size() == 2) {
                scene.api.breakNextList();
            }
        });
        scene.subscribe();
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.snapshots()).hasSize(1);
        assertThat(scene.heard.endpoints()).hasSize(150);
        assertThat(scene.api.lists()).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"kind\":\"EndpointSliceList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"meta",
                "<html>Welcome to the proxy</html>",
                "{}",
                ""
            })
    @ExtendWith(CapturedLog.Extension.class)
    void aListThatCannotBeReadIsNoList(String text, CapturedLog output) {
        scene.ready("a", "10.0.0.1");
        scene.api.answerNextList(text);
        scene.api.answerNextList(text);
        scene.subscribe();
        scene.after(FeedScene.RECOVERY);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
        assertThat(scene.heard.reasons()).hasSize(1);
        assertThat(scene.restarts).containsExactly(Restart.LIST_FAILED, Restart.LIST_FAILED);
        assertThat(output)
                .containsOnlyOnce("greeter: Service shop/greeter cannot be followed: Kubernetes' API server: ");
    }

    @Test
    void aListThatDoesNotEndIsNoList() {
        scene.ready("a", "10.0.0.1");
        String page = "{\"metadata\":{\"resourceVersion\":\"1\",\"continue\":\"100:0:\"},\"items\":[]}";
        scene.api.answerNextList(page);
        scene.api.answerNextList(page);
        scene.subscribe();
        assertThat(scene.heard.lists()).isEmpty();
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"na",
                "",
                "{\"type\":\"RENAMED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"}}}",
                "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500,\"message\":\"etcd event received with PrevKv=nil\"}}"
            })
    void anEventThatCannotBeReadLeadsToAFreshList(String line) {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.api.send(line);
        scene.ready("b", "10.0.0.2");
        scene.after(FeedScene.RECOVERY);
        assertThat(scene.api.lists()).hasSize(2);
        assertThat(scene.restarts).containsExactly(Restart.ENDED);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
    }

    @Test
    void aSliceThatCannotBeReadHidesNoOtherAndIsSaidOnce() {
        scene.ready("a", "10.0.0.1");
        scene.cluster.put("shop", SliceBuilder.grpc("b", "greeter", 70_000).ready("10.0.0.2", "p2"));
        scene.subscribe();
        scene.api.send("oops");
        scene.after(FeedScene.RECOVERY);
        assertThat(scene.api.lists()).hasSize(2);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
        assertThat(scene.skipped).isEqualTo(1);
    }

    @Test
    void keepsTheListWhileTheApiServerIsAwayAndCatchesUp() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.api.way(FakeApi.Way.DOWN);
        scene.after(Duration.ofMinutes(10));
        assertThat(scene.heard.reachable()).containsExactly(false);
        assertThat(scene.source.unreachableBecause()).contains("connection refused");
        scene.ready("b", "10.0.0.2");
        scene.api.way(FakeApi.Way.OPEN);
        scene.after(Duration.ofMillis(2100));
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
        assertThat(scene.heard.reasons()).isEmpty();
        assertThat(scene.heard.reachable()).containsExactly(false, true);
        assertThat(scene.source.unreachableBecause()).isNull();
        assertThat(scene.source.sinceLastAnswer()).isLessThan(Duration.ofSeconds(3));
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void saysAtOnceWhyThereIsNoListAndDoesNotRepeatItself(CapturedLog output) {
        scene.api.way(FakeApi.Way.DOWN);
        scene.subscribe();
        assertThat(scene.heard.reasons()).containsExactly("connection refused");
        assertThat(scene.source.sinceLastAnswer()).isNull();
        scene.after(Duration.ofSeconds(29));
        assertThat(output).containsOnlyOnce("what is known stays in use");
        scene.ready("a", "10.0.0.1");
        scene.api.way(FakeApi.Way.OPEN);
        scene.after(Duration.ofMillis(2100));
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
        assertThat(scene.heard.reasons()).hasSize(1);
    }

    @Test
    void anApiServerThatDoesNotAnswerIsAway() {
        scene.ready("a", "10.0.0.1");
        scene.api.way(FakeApi.Way.SILENT);
        scene.subscribe();
        scene.after(KubernetesOptions.DEFAULT_REQUEST_TIMEOUT.multipliedBy(2).plusSeconds(3));
        assertThat(scene.heard.reasons()).containsExactly("Kubernetes' API server: no page of a list within 10000 ms");
        scene.api.way(FakeApi.Way.OPEN);
        scene.after(KubernetesOptions.DEFAULT_REQUEST_TIMEOUT.plusSeconds(3));
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
    }

    @Test
    void aWatchThatIsSilentForLongerThanItsTimeIsRenewed() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.api.way(FakeApi.Way.SILENT);
        scene.ready("b", "10.0.0.2");
        scene.after(Duration.ofMinutes(4));
        assertThat(scene.api.watched()).hasSize(1);
        scene.after(Duration.ofMinutes(2).plus(SliceFeed.SLACK));
        assertThat(scene.api.watched()).hasSize(2);
        scene.api.way(FakeApi.Way.OPEN);
        scene.after(KubernetesOptions.DEFAULT_REQUEST_TIMEOUT.plus(FeedScene.RECOVERY));
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
    }

    @Test
    void aWatchThatIsNotAcceptedInTimeLeadsToAFreshList() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        scene.api.way(FakeApi.Way.SILENT);
        scene.onLoop(scene.api::endWatches);
        scene.after(KubernetesOptions.DEFAULT_REQUEST_TIMEOUT.plusSeconds(1));
        assertThat(scene.restarts).containsExactly(Restart.SILENT);
        assertThat(scene.heard.reachable()).containsExactly(false);
    }

    @Test
    void aTokenThatWasExchangedIsTriedAtOnce() {
        scene.ready("a", "10.0.0.1");
        scene.api.failNext(answered(401).atOnce());
        scene.subscribe();
        scene.after(FeedScene.A_MOMENT);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
    }

    @Test
    void asksSeldomWithATokenThatIsNotAccepted() {
        scene.ready("a", "10.0.0.1");
        ApiFailure[] always = new ApiFailure[60];
        Arrays.fill(always, answered(401));
        scene.api.failNext(always);
        Subscription subscription = scene.subscribe();
        for (int i = 0; i < 60; i++) {
            scene.after(Duration.ofSeconds(5));
            subscription.refresh();
        }
        assertThat(scene.api.requests()).isBetween(24, 40); // in 5 minutes
        assertThat(scene.heard.reasons()).containsExactly("Kubernetes' API server answered 401: said 401");
        assertThat(scene.source.refusedBecause()).isEqualTo("Kubernetes' API server answered 401: said 401");
        assertThat(scene.source.unreachableBecause()).isNull();
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void namesTheRightThatIsMissing(CapturedLog output) {
        scene.ready("a", "10.0.0.1");
        scene.api.failNext(answered(403), answered(403));
        Subscription subscription = scene.subscribe();
        String rule =
                "said 403; the pod's service account needs the verbs get, list and watch on endpointslices of the API"
                        + " group discovery.k8s.io in namespace 'shop', by a Role and a RoleBinding there";
        assertThat(scene.heard.reasons()).singleElement().asString().endsWith(rule);
        assertThat(scene.source.refusedBecause()).endsWith(rule);
        subscription.refresh();
        scene.after(Duration.ofSeconds(20));
        subscription.refresh();
        assertThat(scene.api.requests()).isEqualTo(1);
        scene.after(Duration.ofSeconds(60));
        assertThat(output).containsOnlyOnce(rule);
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
        assertThat(scene.source.refusedBecause()).isNull();
    }

    @Test
    void aRefusalOfOneServiceIsForgottenWithIt() {
        scene.api.failNext(answered(403));
        Subscription subscription = scene.subscribe();
        subscription.close();
        assertThat(scene.source.refusedBecause()).isNotNull();
        scene.api.failNext(answered(403), answered(403), answered(403));
        scene.after(Duration.ofSeconds(40));
        scene.source.close();
        scene.after(FeedScene.SOON);
        assertThat(scene.source.refusedBecause()).isNull();
    }

    @Test
    void leavesTheApiServerAloneForAsLongAsItAsks() {
        scene.ready("a", "10.0.0.1");
        scene.api.failNext(answered(429, Duration.ofSeconds(20)), answered(503, Duration.ofSeconds(30)));
        Subscription subscription = scene.subscribe();
        scene.after(Duration.ofSeconds(19));
        subscription.refresh();
        scene.after(FeedScene.SOON);
        assertThat(scene.api.requests()).isEqualTo(1);
        scene.after(Duration.ofSeconds(2));
        assertThat(scene.api.requests()).isEqualTo(2);
        scene.after(Duration.ofSeconds(28));
        assertThat(scene.api.requests()).isEqualTo(2);
        scene.after(Duration.ofSeconds(3));
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
    }

    @Test
    void isNotLeftAloneForEver() {
        scene.ready("a", "10.0.0.1");
        scene.api.failNext(answered(429, Duration.ofDays(9)));
        scene.subscribe();
        scene.after(Duration.ofMinutes(5).plusSeconds(1));
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090");
    }

    @Test
    void asksLessOftenWhereTheApiServerAnswersWithErrors() {
        ApiFailure[] always = new ApiFailure[1000];
        Arrays.fill(always, answered(500));
        scene.api.failNext(always);
        scene.subscribe();
        scene.after(Duration.ofMinutes(10));
        assertThat(scene.api.requests()).isBetween(80, 200);
        assertThat(scene.heard.reasons()).hasSize(1);
    }

    @Test
    void watchesThatEndAtOnceAreNotBegunInAStorm() {
        scene.ready("a", "10.0.0.1");
        scene.subscribe();
        int before = scene.api.requests();
        for (int i = 0; i < 60_000; i++) {
            scene.api.endWatches();
            scene.after(Duration.ofMillis(1));
        }
        assertThat(scene.api.requests() - before).isLessThan(120); // a minute
    }

    @Test
    void whoMayListButNotWatchSeesAListNowAndThen() {
        scene.ready("a", "10.0.0.1");
        scene.api.onGet(() -> {
            if (scene.api.watched().size() == 1 && scene.api.lists().size() == 1) {
                scene.api.failNext(answered(403));
            }
        });
        scene.subscribe();
        scene.after(FeedScene.SOON);
        scene.ready("b", "10.0.0.2");
        scene.after(Duration.ofSeconds(35));
        assertThat(scene.heard.lists()).containsExactly("10.0.0.1:9090", "10.0.0.1:9090 10.0.0.2:9090");
    }

    @Test
    void saysThatTheApiServerIsTooOld() {
        scene.api.failNext(answered(404));
        scene.subscribe();
        assertThat(scene.heard.reasons()).singleElement().asString().endsWith("are there from Kubernetes 1.21 on");
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void asksWhetherThereIsSuchAService(CapturedLog output) {
        scene.subscribe("greeterr");
        scene.api.send("oops");
        scene.after(FeedScene.RECOVERY);
        assertThat(scene.heard.lists()).containsExactly("");
        assertThat(output)
                .containsOnlyOnce(
                        "greeterr: there are no EndpointSlices of Service shop/greeterr; is there such a Service?");
    }
}
