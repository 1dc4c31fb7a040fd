package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is in etcd, as subscribers see it. */
class EtcdEndpointSourceTest {

    private final SourceScene scene = new SourceScene();

    @Test
    void deliversTheListAndEveryChange() {
        scene.put("a:1", 1);
        scene.put("b:1", 2);
        scene.subscribe();
        assertThat(scene.heard.lists()).containsExactly("a:1=1 b:1=2");
        scene.put("c:1", 3);
        scene.after(SourceScene.SOON);
        scene.after(Duration.ofMillis(200));
        scene.put("a:1", 9);
        scene.after(SourceScene.SOON);
        scene.after(Duration.ofMillis(200));
        scene.etcd.delete("/grpclb/svc/b:1");
        scene.after(SourceScene.SOON);
        assertThat(scene.heard.lists())
                .containsExactly("a:1=1 b:1=2", "a:1=1 b:1=2 c:1=3", "a:1=9 b:1=2 c:1=3", "a:1=9 c:1=3");
        assertThat(scene.heard.last().revision()).isEqualTo(scene.etcd.revision());
    }

    @Test
    void deliversAnEmptyListAsOne() {
        scene.subscribe();
        assertThat(scene.heard.lists()).containsExactly("");
        scene.put("a:1", 1);
        scene.after(SourceScene.SOON.plusMillis(100));
        scene.etcd.delete("/grpclb/svc/a:1");
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.lists()).containsExactly("", "a:1=1", "");
    }

    @Test
    @FaultRow(43)
    void reusesWhatDidNotChange() {
        scene.put("a:1", 1);
        scene.put("b:1", 1);
        scene.subscribe();
        Endpoint a = scene.heard.last().endpoints().get(0);
        scene.put("b:1", 2);
        scene.after(SourceScene.SOON.plusMillis(100));
        scene.etcd.endWatches(SourceScene.ended());
        scene.after(SourceScene.RECOVERY);
        scene.put("b:1", 3);
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.last().endpoints().get(0)).isSameAs(a);
        assertThat(scene.heard.lists()).hasSize(3);
    }

    @Test
    @FaultRow(39)
    void readsLongListsInPagesOfOneRevision() {
        for (int i = 0; i < 2500; i++) {
            scene.put("10.1." + i / 250 + "." + i % 250 + ":1", 1);
        }
        scene.subscribe();
        assertThat(scene.heard.last().endpoints()).hasSize(2500);
        assertThat(scene.etcd.lists()).isEqualTo(3);
    }

    @Test
    @FaultRow(40)
    void publishesAtMostTenTimesASecondAndEndsExact() {
        scene.subscribe();
        for (int i = 0; i < 1000; i++) {
            scene.put("10.0.0." + i % 100 + ":1", i);
            scene.after(Duration.ofMillis(1));
        }
        scene.after(Duration.ofMillis(200));
        assertThat(scene.heard.snapshots()).hasSizeLessThanOrEqualTo(14);
        assertThat(scene.heard.last().endpoints()).hasSize(100);
        assertThat(scene.heard.last().endpoints())
                .allSatisfy(endpoint -> assertThat(endpoint.weight()).isGreaterThanOrEqualTo(900));
    }

    @Test
    void aBrokenRecordNeverHidesItsNeighbours() {
        scene.put("a:1", 1);
        scene.etcd.put("/grpclb/svc/bad", "{\"Addr\":\"0.0.0.0:1\"}");
        scene.subscribe();
        assertThat(scene.heard.lists()).containsExactly("a:1=1");
        scene.etcd.endWatches(SourceScene.ended());
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.skipped).isEqualTo(1);
        scene.etcd.put("/grpclb/svc/bad", "x".repeat(100_000));
        scene.put("b:1", 1);
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.skipped).isEqualTo(2);
        assertThat(scene.heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
    }

    @Test
    void keepsTheLastGoodValueOfAKey() {
        scene.put("a:1", 5);
        scene.subscribe();
        scene.etcd.put("/grpclb/svc/a:1", "oops");
        scene.after(SourceScene.SOON.plusMillis(100));
        scene.etcd.endWatches(SourceScene.ended());
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.heard.lists()).containsExactly("a:1=5");
        scene.put("a:1", 6);
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.lists()).containsExactly("a:1=5", "a:1=6");
        scene.etcd.put("/grpclb/svc/a:1", "oops");
        scene.etcd.delete("/grpclb/svc/a:1");
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.last().endpoints()).isEmpty();
    }

    @Test
    void takesOnlyKeysOfTheService() {
        scene.put("a:1", 1);
        scene.etcd.put("/grpclb/svcs/b:1", "b:1");
        scene.etcd.put("/grpclb/svc", "c:1");
        scene.etcd.put("/grpclb/svc/", "d:1");
        scene.etcd.put("/grpclb/svc/sub/e:1", "e:1");
        scene.subscribe();
        scene.etcd.put("/grpclb/svc/sub/f:1", "f:1");
        scene.etcd.put("/grpclb/svcs/g:1", "g:1");
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.lists()).containsExactly("a:1=1");
        assertThat(scene.skipped).isZero();
    }

    @Test
    @FaultRow(43)
    void twoKeysOfOneAddressAreOneEndpoint() {
        scene.etcd.put("/grpclb/svc/1", "{\"Addr\":\"a:1\",\"Metadata\":{\"id\":\"new\",\"startedAt\":2}}");
        scene.etcd.put("/grpclb/svc/2", "{\"Addr\":\"a:1\",\"Metadata\":{\"id\":\"old\",\"startedAt\":1}}");
        scene.subscribe();
        assertThat(scene.heard.last().endpoints()).extracting(Endpoint::id).containsExactly("new");
        scene.etcd.delete("/grpclb/svc/2");
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.snapshots()).hasSize(1);
        scene.etcd.put("/grpclb/svc/3", "a:1");
        scene.etcd.delete("/grpclb/svc/1");
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.last().endpoints()).extracting(Endpoint::key).containsExactly("/grpclb/svc/3");
    }

    @Test
    void deliversDrainingEndpointsAsSuch() {
        scene.etcd.put("/grpclb/svc/a:1", "{\"Addr\":\"a:1\",\"Metadata\":{\"state\":\"draining\"}}");
        scene.subscribe();
        assertThat(scene.heard.last().endpoints()).extracting(Endpoint::state).containsExactly(Endpoint.State.DRAINING);
    }

    @Test
    @FaultRow(41)
    void followsAServiceOnceHoweverManySubscribe() {
        scene.put("a:1", 1);
        List<LatestList> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            LatestList recorder = new LatestList();
            all.add(recorder);
            scene.source.subscribe("svc", recorder);
        }
        scene.after(SourceScene.SOON);
        assertThat(scene.etcd.watchCount()).isEqualTo(1);
        assertThat(scene.etcd.lists()).isEqualTo(1);
        assertThat(all).allSatisfy(recorder -> assertThat(recorder.lists()).containsExactly("a:1=1"));
    }

    @Test
    @FaultRow(42)
    void hasAListAtOnceForOneWhoComesBackWhileEtcdIsAway() {
        scene.put("a:1", 1);
        Subscription subscription = scene.subscribe();
        subscription.close();
        scene.after(Duration.ofMinutes(30));
        scene.etcd.health(FakeEtcd.Health.DOWN);
        scene.after(Duration.ofMinutes(20));
        LatestList again = new LatestList();
        scene.source.subscribe("svc", again);
        scene.after(Duration.ZERO);
        assertThat(again.lists()).containsExactly("a:1=1");
        scene.after(SourceScene.LINGER.multipliedBy(2));
        scene.etcd.health(FakeEtcd.Health.UP);
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.etcd.watchCount()).isEqualTo(1);
    }

    @Test
    @FaultRow(51)
    void forgetsAServiceThatNobodyWantsForLong() {
        Subscription subscription = scene.subscribe();
        subscription.close();
        scene.after(SourceScene.LINGER.plusSeconds(1));
        assertThat(scene.etcd.watchCount()).isZero();
        int calls = scene.etcd.calls();
        scene.after(SourceScene.LINGER);
        assertThat(scene.etcd.calls()).isEqualTo(calls);
    }

    @Test
    void tellsNothingAfterTheEndOfASubscription() {
        Subscription subscription = scene.subscribe();
        subscription.close();
        scene.put("a:1", 1);
        scene.after(Duration.ofSeconds(1));
        assertThat(scene.heard.lists()).containsExactly("");
    }

    @Test
    @FaultRow(50)
    void aListenerThatThrowsHarmsNobody() {
        scene.source.subscribe("svc", new EndpointListener() {
            @Override
            public void onEndpoints(EndpointSnapshot snapshot) {
                throw new IllegalStateException("listener");
            }

            @Override
            public void onUnavailable(String reason) {
                throw new IllegalStateException("listener");
            }
        });
        scene.subscribe();
        scene.put("a:1", 1);
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.lists()).containsExactly("", "a:1=1");
    }

    @Test
    @FaultRow(51)
    void closeEndsEverything() {
        scene.subscribe();
        scene.source.close();
        scene.after(SourceScene.SOON);
        assertThat(scene.etcd.watchCount()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> scene.source.subscribe("svc", scene.heard));
    }

    @Test
    @FaultRow(48)
    void refusesNamesThatAreNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> scene.source.subscribe("a/../b", scene.heard))
                .withMessageContaining("'a/../b'");
    }
}
