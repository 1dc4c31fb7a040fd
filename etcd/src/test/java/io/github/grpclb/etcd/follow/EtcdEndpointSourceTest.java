package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource.Subscription;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.FakeStore;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

class EtcdEndpointSourceTest {

    private static final Duration SOON = Duration.ofMillis(10);
    private static final Duration RECOVERY = Duration.ofMillis(2100);
    private static final Duration LINGER = Duration.ofHours(1);

    private final FakeClock scheduler = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(scheduler);
    private final List<Restart> restarts = new ArrayList<>();
    private int skipped;
    private final FakeEtcd.FakeClient client = etcd.client();
    private final EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
    private Duration progressTakesLonger = Duration.ZERO;
    private final EtcdEndpointSource source = new EtcdEndpointSource(
            loop,
            new ForwardingApi(client) {
                @Override
                public Watch watch(String prefix, long from, WatchListener listener) {
                    return to.watch(prefix, from, new ForwardingListener(listener) {
                        @Override
                        public void onProgress(long revision) {
                            loop.after(progressTakesLonger, () -> to.onProgress(revision));
                        }
                    });
                }
            },
            new Following(new KeySpace("/grpclb/"), RecordRules.DEFAULT, LastLists.none(), new RegistryObserver() {
                @Override
                public void watchRestarted(String service, Restart reason) {
                    restarts.add(reason);
                }

                @Override
                public void recordSkipped(String service) {
                    skipped++;
                }
            }),
            LINGER);
    private final Recorder heard = new Recorder();

    @Test
    void deliversTheListAndEveryChange() {
        put("a:1", 1);
        put("b:1", 2);
        subscribe();
        assertThat(heard.lists()).containsExactly("a:1=1 b:1=2");
        put("c:1", 3);
        after(SOON);
        after(Duration.ofMillis(200));
        put("a:1", 9);
        after(SOON);
        after(Duration.ofMillis(200));
        etcd.delete("/grpclb/svc/b:1");
        after(SOON);
        assertThat(heard.lists())
                .containsExactly("a:1=1 b:1=2", "a:1=1 b:1=2 c:1=3", "a:1=9 b:1=2 c:1=3", "a:1=9 c:1=3");
        assertThat(heard.last().revision()).isEqualTo(etcd.revision());
    }

    @Test
    void deliversAnEmptyListAsOne() {
        subscribe();
        assertThat(heard.lists()).containsExactly("");
        put("a:1", 1);
        after(SOON.plusMillis(100));
        etcd.delete("/grpclb/svc/a:1");
        after(SOON.plusMillis(100));
        assertThat(heard.lists()).containsExactly("", "a:1=1", "");
    }

    @Test
    @FaultRow(43)
    void reusesWhatDidNotChange() {
        put("a:1", 1);
        put("b:1", 1);
        subscribe();
        Endpoint a = heard.last().endpoints().get(0);
        put("b:1", 2);
        after(SOON.plusMillis(100));
        etcd.endWatches(ended());
        after(RECOVERY);
        put("b:1", 3);
        after(SOON.plusMillis(100));
        assertThat(heard.last().endpoints().get(0)).isSameAs(a);
        assertThat(heard.lists()).hasSize(3);
    }

    @Test
    @FaultRow(39)
    void readsLongListsInPagesOfOneRevision() {
        for (int i = 0; i < 2500; i++) {
            put("10.1." + i / 250 + "." + i % 250 + ":1", 1);
        }
        subscribe();
        assertThat(heard.last().endpoints()).hasSize(2500);
        assertThat(etcd.lists()).isEqualTo(3);
    }

    @Test
    @FaultRow(40)
    void publishesAtMostTenTimesASecondAndEndsExact() {
        subscribe();
        for (int i = 0; i < 1000; i++) {
            put("10.0.0." + i % 100 + ":1", i);
            after(Duration.ofMillis(1));
        }
        after(Duration.ofMillis(200));
        assertThat(heard.snapshots).hasSizeLessThanOrEqualTo(14);
        assertThat(heard.last().endpoints()).hasSize(100);
        assertThat(heard.last().endpoints())
                .allSatisfy(endpoint -> assertThat(endpoint.weight()).isGreaterThanOrEqualTo(900));
    }

    @Test
    void keepsTheListWhileEtcdIsAwayAndCatchesUp() {
        put("a:1", 1);
        subscribe();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(10));
        put("b:1", 1);
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
        assertThat(heard.reasons).isEmpty();
    }

    @Test
    @FaultRow(14)
    void relistsAfterCompaction() {
        put("a:1", 1);
        subscribe();
        etcd.endWatches(new EtcdException(EtcdException.Kind.COMPACTED, "compacted"));
        put("b:1", 1);
        etcd.compact();
        after(RECOVERY);
        assertThat(heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
        assertThat(restarts).containsExactly(Restart.COMPACTED);
    }

    @Test
    void relistsWhenAWatchEndsInOrderOrIsRefused() {
        put("a:1", 1);
        subscribe();
        for (EtcdException.Kind kind : EtcdException.Kind.values()) {
            etcd.endWatches(new EtcdException(kind, "ended"));
            after(Duration.ofSeconds(33));
            assertThat(etcd.watchCount()).isEqualTo(1);
        }
        put("b:1", 1);
        after(SOON);
        assertThat(heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
    }

    @Test
    @FaultRow(15)
    void noticesASilentWatch() {
        put("a:1", 1);
        subscribe();
        etcd.muteWatches(true);
        put("b:1", 1);
        after(Duration.ofSeconds(42));
        assertThat(restarts).contains(Restart.SILENT);
        assertThat(heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
    }

    @Test
    void asksAHealthyWatchForSignsOfLifeAndLeavesItAlone() {
        put("a:1", 1);
        subscribe();
        after(Duration.ofMinutes(10));
        assertThat(restarts).containsOnly(Restart.PERIODIC);
        assertThat(etcd.lists()).isBetween(8, 14);
        assertThat(heard.lists()).hasSize(1);
        assertThat(etcd.watchCount()).isEqualTo(1);
    }

    @Test
    void noticesThatEtcdLostItsData() {
        for (int i = 0; i < 50; i++) {
            put("a:1", i);
        }
        subscribe();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofSeconds(10));
        etcd.wipe();
        put("b:1", 1);
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(heard.lists()).containsExactly("a:1=49", "b:1=1");
        put("c:1", 1);
        after(SOON.plusMillis(100));
        assertThat(heard.lists()).containsExactly("a:1=49", "b:1=1", "b:1=1 c:1=1");
    }

    @Test
    void relistsWhenTheRevisionOfANewWatchWentBack() {
        for (int i = 0; i < 50; i++) {
            put("a:1", i);
        }
        source.subscribe("svc", heard);
        after(FakeEtcd.LATENCY.multipliedBy(3).dividedBy(2));
        assertThat(heard.lists()).containsExactly("a:1=49");
        etcd.wipe();
        put("b:1", 1);
        after(RECOVERY);
        assertThat(restarts).containsExactly(Restart.REVISION_WENT_BACK);
        assertThat(heard.lists()).containsExactly("a:1=49", "b:1=1");
    }

    @Test
    void relistsWhenTheRevisionWentBackUnderAWatchThatStayed() {
        for (int i = 0; i < 50; i++) {
            put("a:1", i);
        }
        subscribe();
        etcd.wipe();
        put("b:1", 1);
        after(Duration.ofSeconds(45));
        assertThat(restarts).containsExactly(Restart.REVISION_WENT_BACK);
        assertThat(heard.lists()).endsWith("b:1=1");
    }

    @Test
    void relistsWhenAnEventIsTheFirstThatIsHeardOfARevisionThatWentBack() {
        put("a:1", 1);
        subscribe();
        FakeStore.Backup backup = etcd.backup();
        put("b:1", 1);
        put("c:1", 1);
        after(SOON.plusMillis(100));
        etcd.restore(backup);
        put("d:1", 1); // at the revision that b:1 had
        after(RECOVERY);
        assertThat(restarts).containsExactly(Restart.REVISION_WENT_BACK);
        assertThat(heard.lists()).endsWith("a:1=1 d:1=1");
    }

    /** etcd 3.4 has a queue for its answers and another one for events. */
    @Test
    void believesAWatchWhoseEventsOvertakeAnAnswer() {
        progressTakesLonger = Duration.ofSeconds(1);
        subscribe();
        for (int i = 0; i < 1000; i++) {
            put("a:1", i);
            after(Duration.ofMillis(100));
        }
        assertThat(restarts).containsOnly(Restart.PERIODIC);
        assertThat(heard.lists()).endsWith("a:1=999");
    }

    @Test
    void aBrokenRecordNeverHidesItsNeighbours() {
        put("a:1", 1);
        etcd.put("/grpclb/svc/bad", "{\"Addr\":\"0.0.0.0:1\"}");
        subscribe();
        assertThat(heard.lists()).containsExactly("a:1=1");
        etcd.endWatches(ended());
        after(RECOVERY);
        assertThat(skipped).isEqualTo(1);
        etcd.put("/grpclb/svc/bad", "x".repeat(100_000));
        put("b:1", 1);
        after(SOON.plusMillis(100));
        assertThat(skipped).isEqualTo(2);
        assertThat(heard.lists()).containsExactly("a:1=1", "a:1=1 b:1=1");
    }

    @Test
    void keepsTheLastGoodValueOfAKey() {
        put("a:1", 5);
        subscribe();
        etcd.put("/grpclb/svc/a:1", "oops");
        after(SOON.plusMillis(100));
        etcd.endWatches(ended());
        after(RECOVERY);
        assertThat(heard.lists()).containsExactly("a:1=5");
        put("a:1", 6);
        after(SOON.plusMillis(100));
        assertThat(heard.lists()).containsExactly("a:1=5", "a:1=6");
        etcd.put("/grpclb/svc/a:1", "oops");
        etcd.delete("/grpclb/svc/a:1");
        after(SOON.plusMillis(100));
        assertThat(heard.last().endpoints()).isEmpty();
    }

    @Test
    void takesOnlyKeysOfTheService() {
        put("a:1", 1);
        etcd.put("/grpclb/svcs/b:1", "b:1");
        etcd.put("/grpclb/svc", "c:1");
        etcd.put("/grpclb/svc/", "d:1");
        etcd.put("/grpclb/svc/sub/e:1", "e:1");
        subscribe();
        etcd.put("/grpclb/svc/sub/f:1", "f:1");
        etcd.put("/grpclb/svcs/g:1", "g:1");
        after(SOON.plusMillis(100));
        assertThat(heard.lists()).containsExactly("a:1=1");
        assertThat(skipped).isZero();
    }

    @Test
    @FaultRow(43)
    void twoKeysOfOneAddressAreOneEndpoint() {
        etcd.put("/grpclb/svc/1", "{\"Addr\":\"a:1\",\"Metadata\":{\"id\":\"new\",\"startedAt\":2}}");
        etcd.put("/grpclb/svc/2", "{\"Addr\":\"a:1\",\"Metadata\":{\"id\":\"old\",\"startedAt\":1}}");
        subscribe();
        assertThat(heard.last().endpoints()).extracting(Endpoint::id).containsExactly("new");
        etcd.delete("/grpclb/svc/2");
        after(SOON.plusMillis(100));
        assertThat(heard.snapshots).hasSize(1);
        etcd.put("/grpclb/svc/3", "a:1");
        etcd.delete("/grpclb/svc/1");
        after(SOON.plusMillis(100));
        assertThat(heard.last().endpoints()).extracting(Endpoint::key).containsExactly("/grpclb/svc/3");
    }

    @Test
    void deliversDrainingEndpointsAsSuch() {
        etcd.put("/grpclb/svc/a:1", "{\"Addr\":\"a:1\",\"Metadata\":{\"state\":\"draining\"}}");
        subscribe();
        assertThat(heard.last().endpoints()).extracting(Endpoint::state).containsExactly(Endpoint.State.DRAINING);
    }

    @Test
    void saysAtOnceWhyThereIsNoList() {
        etcd.health(FakeEtcd.Health.DOWN);
        subscribe();
        assertThat(heard.reasons).containsExactly("etcd unreachable: connection refused");
        after(Duration.ofMinutes(1));
        assertThat(heard.reasons).hasSize(1);
        Recorder late = new Recorder();
        source.subscribe("svc", late);
        after(SOON);
        assertThat(late.reasons).hasSize(1);
        put("a:1", 1);
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(heard.lists()).containsExactly("a:1=1");
        assertThat(late.lists()).containsExactly("a:1=1");
    }

    @Test
    void saysThatEtcdStoppedToAnswerAndThatItAnswersAgain() {
        put("a:1", 1);
        subscribe();
        assertThat(heard.reachable).isEmpty();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(2));
        assertThat(heard.reachable).containsExactly(false);
        Recorder late = new Recorder();
        source.subscribe("svc", late);
        after(SOON);
        assertThat(late.lists()).containsExactly("a:1=1");
        assertThat(late.reachable).containsExactly(false);
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(heard.reachable).containsExactly(false, true);
        assertThat(late.reachable).containsExactly(false, true);
    }

    @Test
    void saysThatEtcdDoesNotAnswerWhenTwoCallsHaveRunOutOfTime() {
        etcd.health(FakeEtcd.Health.PAUSED);
        subscribe();
        after(FakeEtcd.CALL_TIMEOUT.multipliedBy(2).minusSeconds(1));
        assertThat(heard.reasons).isEmpty();
        after(Duration.ofSeconds(2));
        assertThat(heard.reasons).containsExactly("etcd unreachable: no answer in time");
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void saysOnceWhyAListIsRefused(CapturedLog output) {
        put("a:1", 1);
        etcd.refuse(EtcdException.Kind.REFUSED);
        subscribe();
        after(Duration.ofMinutes(1));
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(1));
        etcd.health(FakeEtcd.Health.UP);
        after(Duration.ofMinutes(1));
        assertThat(output).containsOnlyOnce("svc: cannot be followed: refused: REFUSED; retrying");
        etcd.refuse(null);
        after(RECOVERY);
        etcd.refuse(EtcdException.Kind.REFUSED);
        etcd.endWatches(ended());
        after(RECOVERY);
        assertThat(output.toString().split("cannot be followed", -1)).hasSize(3);
    }

    @Test
    void asksSeldomWhereOnlyAPersonCanHelp() {
        etcd.refuse(EtcdException.Kind.AUTHENTICATION);
        subscribe();
        after(Duration.ofMinutes(10));
        assertThat(etcd.calls()).isLessThanOrEqualTo(27);
        assertThat(heard.reasons).containsExactly("refused: AUTHENTICATION");
    }

    @Test
    @FaultRow(41)
    void followsAServiceOnceHoweverManySubscribe() {
        put("a:1", 1);
        List<Recorder> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Recorder recorder = new Recorder();
            all.add(recorder);
            source.subscribe("svc", recorder);
        }
        after(SOON);
        assertThat(etcd.watchCount()).isEqualTo(1);
        assertThat(etcd.lists()).isEqualTo(1);
        assertThat(all).allSatisfy(recorder -> assertThat(recorder.lists()).containsExactly("a:1=1"));
    }

    @Test
    @FaultRow(42)
    void hasAListAtOnceForOneWhoComesBackWhileEtcdIsAway() {
        put("a:1", 1);
        Subscription subscription = subscribe();
        subscription.close();
        after(Duration.ofMinutes(30));
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(20));
        Recorder again = new Recorder();
        source.subscribe("svc", again);
        after(Duration.ZERO);
        assertThat(again.lists()).containsExactly("a:1=1");
        after(LINGER.multipliedBy(2));
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(etcd.watchCount()).isEqualTo(1);
    }

    @Test
    @FaultRow(51)
    void forgetsAServiceThatNobodyWantsForLong() {
        Subscription subscription = subscribe();
        subscription.close();
        after(LINGER.plusSeconds(1));
        assertThat(etcd.watchCount()).isZero();
        int calls = etcd.calls();
        after(LINGER);
        assertThat(etcd.calls()).isEqualTo(calls);
    }

    @Test
    void tellsNothingAfterTheEndOfASubscription() {
        Subscription subscription = subscribe();
        subscription.close();
        put("a:1", 1);
        after(Duration.ofSeconds(1));
        assertThat(heard.lists()).containsExactly("");
    }

    @Test
    @FaultRow(38)
    void refreshCostsNothingHoweverOftenItIsCalled() {
        Subscription subscription = subscribe();
        int calls = etcd.calls();
        for (int i = 0; i < 2000; i++) {
            subscription.refresh();
        }
        after(Duration.ofSeconds(1));
        assertThat(etcd.calls()).isEqualTo(calls);
    }

    @Test
    @FaultRow(38)
    void refreshEndsAWait() {
        Subscription subscription = subscribe();
        after(Duration.ofSeconds(6));
        put("a:1", 1);
        etcd.endWatches(ended());
        after(FakeEtcd.LATENCY);
        for (int i = 0; i < 100; i++) {
            subscription.refresh();
        }
        after(FakeEtcd.LATENCY.multipliedBy(2));
        assertThat(etcd.lists()).isEqualTo(2);
        after(Duration.ofSeconds(1));
        assertThat(etcd.lists()).isEqualTo(2);
        assertThat(heard.lists()).containsExactly("", "a:1=1");
    }

    @Test
    @FaultRow({18, 38})
    void refreshKeepsThePauseOfARefusal() {
        etcd.refuse(EtcdException.Kind.PERMISSION);
        Subscription subscription = subscribe();
        int calls = etcd.calls();
        for (int i = 0; i < 60; i++) {
            after(Duration.ofSeconds(1));
            subscription.refresh();
        }
        assertThat(etcd.calls() - calls).isBetween(1, 3);
        etcd.refuse(null);
        after(Duration.ofSeconds(31));
        assertThat(heard.lists()).containsExactly("");
    }

    @Test
    @FaultRow(50)
    void aListenerThatThrowsHarmsNobody() {
        source.subscribe("svc", new EndpointListener() {
            @Override
            public void onEndpoints(EndpointSnapshot snapshot) {
                throw new IllegalStateException("listener");
            }

            @Override
            public void onUnavailable(String reason) {
                throw new IllegalStateException("listener");
            }
        });
        subscribe();
        put("a:1", 1);
        after(SOON.plusMillis(100));
        assertThat(heard.lists()).containsExactly("", "a:1=1");
    }

    @Test
    @FaultRow(51)
    void closeEndsEverything() {
        subscribe();
        source.close();
        after(SOON);
        assertThat(etcd.watchCount()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> source.subscribe("svc", heard));
    }

    @Test
    @FaultRow(48)
    void refusesNamesThatAreNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> source.subscribe("a/../b", heard))
                .withMessageContaining("'a/../b'");
    }

    private Subscription subscribe() {
        Subscription subscription = source.subscribe("svc", heard);
        after(SOON);
        return subscription;
    }

    private void put(String address, int weight) {
        etcd.put(
                "/grpclb/svc/" + address,
                "{\"Op\":0,\"Addr\":\"" + address + "\",\"Metadata\":{\"weight\":" + weight + "}}");
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }

    private static EtcdException ended() {
        return new EtcdException(EtcdException.Kind.COMPLETED, "ended");
    }

    private static final class Recorder implements EndpointListener {

        private final List<EndpointSnapshot> snapshots = new ArrayList<>();
        private final List<String> reasons = new ArrayList<>();
        private final List<Boolean> reachable = new ArrayList<>();

        @Override
        public void onReachable(boolean answers) {
            reachable.add(answers);
        }

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            snapshots.add(snapshot);
        }

        @Override
        public void onUnavailable(String reason) {
            reasons.add(reason);
        }

        EndpointSnapshot last() {
            return snapshots.get(snapshots.size() - 1);
        }

        List<String> lists() {
            return snapshots.stream()
                    .map(snapshot -> String.join(
                            " ",
                            snapshot.endpoints().stream()
                                    .map(endpoint -> endpoint.address() + "=" + endpoint.weight())
                                    .toList()))
                    .toList();
        }
    }
}
