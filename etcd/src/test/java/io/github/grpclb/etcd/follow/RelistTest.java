package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.FakeStore;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What ends a watch, or makes it doubtful, and the fresh list that follows. */
class RelistTest {

    private final SourceScene scene = new SourceScene();

    @Test
    @FaultRow(14)
    void relistsAfterCompaction() {
        scene.put("a:1", 1);
        scene.subscribe();
        scene.etcd.endWatches(new EtcdException(EtcdException.Kind.COMPACTED, "compacted"));
        scene.put("b:1", 1);
        scene.etcd.compact();
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
        assertThat(scene.restarts).containsExactly(Restart.COMPACTED);
    }

    @Test
    void relistsWhenAWatchEndsInOrderOrIsRefused() {
        scene.put("a:1", 1);
        scene.subscribe();
        for (EtcdException.Kind kind : EtcdException.Kind.values()) {
            scene.etcd.endWatches(new EtcdException(kind, "ended"));
            scene.after(Duration.ofSeconds(33));
            assertThat(scene.etcd.watchCount()).isEqualTo(1);
        }
        scene.put("b:1", 1);
        scene.after(SourceScene.SOON);
        assertThat(scene.heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
    }

    @Test
    @FaultRow(15)
    void noticesASilentWatch() {
        scene.put("a:1", 1);
        scene.subscribe();
        scene.etcd.muteWatches(true);
        scene.put("b:1", 1);
        scene.after(Duration.ofSeconds(42));
        assertThat(scene.restarts).contains(Restart.SILENT);
        assertThat(scene.heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
    }

    @Test
    void asksAHealthyWatchForSignsOfLifeAndLeavesItAlone() {
        scene.put("a:1", 1);
        scene.subscribe();
        scene.after(Duration.ofMinutes(10));
        assertThat(scene.restarts).containsOnly(Restart.PERIODIC);
        assertThat(scene.etcd.lists()).isBetween(8, 14);
        assertThat(scene.heard.lists()).hasSize(1);
        assertThat(scene.etcd.watchCount()).isEqualTo(1);
    }

    @Test
    void noticesThatEtcdLostItsData() {
        for (int i = 0; i < 50; i++) {
            scene.put("a:1", i);
        }
        scene.subscribe();
        scene.etcd.health(FakeEtcd.Health.DOWN);
        scene.after(Duration.ofSeconds(10));
        scene.etcd.wipe();
        scene.put("b:1", 1);
        scene.etcd.health(FakeEtcd.Health.UP);
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.heard.lists()).containsExactly("a:1=49", "b:1=1");
        scene.put("c:1", 1);
        scene.after(SourceScene.SOON.plusMillis(100));
        assertThat(scene.heard.lists()).containsExactly("a:1=49", "b:1=1", "b:1=1 c:1=1");
    }

    @Test
    void relistsWhenTheRevisionOfANewWatchWentBack() {
        for (int i = 0; i < 50; i++) {
            scene.put("a:1", i);
        }
        scene.source.subscribe("svc", scene.heard);
        scene.after(FakeEtcd.LATENCY.multipliedBy(3).dividedBy(2));
        assertThat(scene.heard.lists()).containsExactly("a:1=49");
        scene.etcd.wipe();
        scene.put("b:1", 1);
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.restarts).containsExactly(Restart.REVISION_WENT_BACK);
        assertThat(scene.heard.lists()).containsExactly("a:1=49", "b:1=1");
    }

    @Test
    void relistsWhenTheRevisionWentBackUnderAWatchThatStayed() {
        for (int i = 0; i < 50; i++) {
            scene.put("a:1", i);
        }
        scene.subscribe();
        scene.etcd.wipe();
        scene.put("b:1", 1);
        scene.after(Duration.ofSeconds(45));
        assertThat(scene.restarts).containsExactly(Restart.REVISION_WENT_BACK);
        assertThat(scene.heard.lists()).endsWith("b:1=1");
    }

    @Test
    void relistsWhenAnEventIsTheFirstThatIsHeardOfARevisionThatWentBack() {
        scene.put("a:1", 1);
        scene.subscribe();
        FakeStore.Backup backup = scene.etcd.backup();
        scene.put("b:1", 1);
        scene.put("c:1", 1);
        scene.after(SourceScene.SOON.plusMillis(100));
        scene.etcd.restore(backup);
        scene.put("d:1", 1); // at the revision that b:1 had
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.restarts).containsExactly(Restart.REVISION_WENT_BACK);
        assertThat(scene.heard.lists()).endsWith("a:1=1 d:1=1");
    }

    /** etcd 3.4 has a queue for its answers and another one for events. */
    @Test
    void believesAWatchWhoseEventsOvertakeAnAnswer() {
        scene.progressTakesLonger = Duration.ofSeconds(1);
        scene.subscribe();
        for (int i = 0; i < 1000; i++) {
            scene.put("a:1", i);
            scene.after(Duration.ofMillis(100));
        }
        assertThat(scene.restarts).containsOnly(Restart.PERIODIC);
        assertThat(scene.heard.lists()).endsWith("a:1=999");
    }

    @Test
    @FaultRow(38)
    void refreshCostsNothingHoweverOftenItIsCalled() {
        Subscription subscription = scene.subscribe();
        int calls = scene.etcd.calls();
        for (int i = 0; i < 2000; i++) {
            subscription.refresh();
        }
        scene.after(Duration.ofSeconds(1));
        assertThat(scene.etcd.calls()).isEqualTo(calls);
    }

    @Test
    @FaultRow(38)
    void refreshEndsAWait() {
        Subscription subscription = scene.subscribe();
        scene.after(Duration.ofSeconds(6));
        scene.put("a:1", 1);
        scene.etcd.endWatches(SourceScene.ended());
        scene.after(FakeEtcd.LATENCY);
        for (int i = 0; i < 100; i++) {
            subscription.refresh();
        }
        scene.after(FakeEtcd.LATENCY.multipliedBy(2));
        assertThat(scene.etcd.lists()).isEqualTo(2);
        scene.after(Duration.ofSeconds(1));
        assertThat(scene.etcd.lists()).isEqualTo(2);
        assertThat(scene.heard.lists()).containsExactly("", "a:1=1");
    }
}
