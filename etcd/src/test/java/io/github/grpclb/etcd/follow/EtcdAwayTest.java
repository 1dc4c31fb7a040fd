package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What subscribers hear while etcd does not answer, or refuses. */
class EtcdAwayTest {

    private final SourceScene scene = new SourceScene();

    @Test
    void keepsTheListWhileEtcdIsAwayAndCatchesUp() {
        scene.put("a:1", 1);
        scene.subscribe();
        scene.etcd.health(FakeEtcd.Health.DOWN);
        scene.after(Duration.ofMinutes(10));
        scene.put("b:1", 1);
        scene.etcd.health(FakeEtcd.Health.UP);
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
        assertThat(scene.heard.reasons()).isEmpty();
    }

    @Test
    void saysAtOnceWhyThereIsNoList() {
        scene.etcd.health(FakeEtcd.Health.DOWN);
        scene.subscribe();
        assertThat(scene.heard.reasons()).containsExactly("etcd unreachable: connection refused");
        scene.after(Duration.ofMinutes(1));
        assertThat(scene.heard.reasons()).hasSize(1);
        LatestList late = new LatestList();
        scene.source.subscribe("svc", late);
        scene.after(SourceScene.SOON);
        assertThat(late.reasons()).hasSize(1);
        scene.put("a:1", 1);
        scene.etcd.health(FakeEtcd.Health.UP);
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.heard.lists()).containsExactly("a:1=1");
        assertThat(late.lists()).containsExactly("a:1=1");
    }

    @Test
    void saysThatEtcdStoppedAnsweringAndThatItAnswersAgain() {
        scene.put("a:1", 1);
        scene.subscribe();
        assertThat(scene.heard.reachable()).isEmpty();
        scene.etcd.health(FakeEtcd.Health.DOWN);
        scene.after(Duration.ofMinutes(2));
        assertThat(scene.heard.reachable()).containsExactly(false);
        LatestList late = new LatestList();
        scene.source.subscribe("svc", late);
        scene.after(SourceScene.SOON);
        assertThat(late.lists()).containsExactly("a:1=1");
        assertThat(late.reachable()).containsExactly(false);
        scene.etcd.health(FakeEtcd.Health.UP);
        scene.after(SourceScene.RECOVERY);
        assertThat(scene.heard.reachable()).containsExactly(false, true);
        assertThat(late.reachable()).containsExactly(false, true);
    }

    @Test
    void saysThatEtcdDoesNotAnswerWhenTwoCallsHaveRunOutOfTime() {
        scene.etcd.health(FakeEtcd.Health.PAUSED);
        scene.subscribe();
        scene.after(FakeEtcd.CALL_TIMEOUT.multipliedBy(2).minusSeconds(1));
        assertThat(scene.heard.reasons()).isEmpty();
        scene.after(Duration.ofSeconds(2));
        assertThat(scene.heard.reasons()).containsExactly("etcd unreachable: no answer in time");
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void saysOnceWhyAListIsRefused(CapturedLog output) {
        scene.put("a:1", 1);
        scene.etcd.refuse(EtcdException.Kind.REFUSED);
        scene.subscribe();
        scene.after(Duration.ofMinutes(1));
        scene.etcd.health(FakeEtcd.Health.DOWN);
        scene.after(Duration.ofMinutes(1));
        scene.etcd.health(FakeEtcd.Health.UP);
        scene.after(Duration.ofMinutes(1));
        assertThat(output).containsOnlyOnce("svc: cannot be followed: refused: REFUSED; retrying");
        scene.etcd.refuse(null);
        scene.after(SourceScene.RECOVERY);
        scene.etcd.refuse(EtcdException.Kind.REFUSED);
        scene.etcd.endWatches(SourceScene.ended());
        scene.after(SourceScene.RECOVERY);
        assertThat(output.toString().split("cannot be followed", -1)).hasSize(3);
    }

    @Test
    void asksSeldomWhereOnlyAPersonCanHelp() {
        scene.etcd.refuse(EtcdException.Kind.AUTHENTICATION);
        scene.subscribe();
        scene.after(Duration.ofMinutes(10));
        assertThat(scene.etcd.calls()).isLessThanOrEqualTo(27);
        assertThat(scene.heard.reasons()).containsExactly("refused: AUTHENTICATION");
    }

    @Test
    @FaultRow({18, 38})
    void refreshKeepsThePauseOfARefusal() {
        scene.etcd.refuse(EtcdException.Kind.PERMISSION);
        Subscription subscription = scene.subscribe();
        int calls = scene.etcd.calls();
        for (int i = 0; i < 60; i++) {
            scene.after(Duration.ofSeconds(1));
            subscription.refresh();
        }
        assertThat(scene.etcd.calls() - calls).isBetween(1, 3);
        scene.etcd.refuse(null);
        scene.after(Duration.ofSeconds(31));
        assertThat(scene.heard.lists()).containsExactly("");
    }
}
