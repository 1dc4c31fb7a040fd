package io.github.grpclb.etcd.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.snapshot.SnapshotOptions;
import io.github.grpclb.discovery.snapshot.SnapshotStore;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.RecordRules;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A client that starts while etcd is away, in virtual time. */
@FaultRow(2)
@ExtendWith(CapturedLog.Extension.class)
class ColdStartTest {

    private static final EtcdOptions ETCD = EtcdOptions.of("http://10.0.0.1:2379", "http://10.0.0.2:2379");
    private static final Duration SOON = Duration.ofMillis(500);
    private static final Duration RECOVERY = Duration.ofMillis(2500);
    private static final long MIDNIGHT = 1_763_600_000_000L;

    @TempDir
    private Path directory;

    private final FakeClock scheduler = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(scheduler);

    @Test
    void startsFromTheLastListAndThenFollowsEtcd(CapturedLog output) {
        put("a:1", 1);
        put("b:1", 2);
        start();
        etcd.health(FakeEtcd.Health.DOWN);
        LatestList second = start();
        assertThat(weights(second)).containsExactly("a:1=1", "b:1=2");
        assertThat(second.count()).isEqualTo(1);
        assertThat(second.reasons()).isEmpty();
        assertThat(output.toString().lines().filter(line -> line.contains("starting from the snapshot of ")))
                .singleElement()
                .asString()
                .contains("WARN", "svc", directory.toString(), "2 endpoints", "refused");
        put("b:1", 9);
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(weights(second)).containsExactly("a:1=1", "b:1=9");
    }

    @Test
    void keepsTheServersThatDidNotChangeWhenEtcdIsBack() {
        put("a:1", 1);
        start();
        etcd.health(FakeEtcd.Health.DOWN);
        LatestList second = start();
        var a = second.endpoints().get(0);
        put("b:1", 1);
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(second.endpoints()).hasSize(2);
        assertThat(second.endpoints().get(0)).isSameAs(a);
    }

    @Test
    void doesNotLookAtTheDiskWhileEtcdAnswers() {
        put("a:1", 1);
        start();
        etcd.delete("/grpclb/svc/a:1");
        put("b:1", 1);
        LatestList second = start();
        assertThat(weights(second)).containsExactly("b:1=1");
        assertThat(second.count()).isEqualTo(1);
    }

    @Test
    void anEmptyListOfEtcdsOwnTakesThePlaceOfTheSavedOne() {
        put("a:1", 1);
        start();
        etcd.health(FakeEtcd.Health.DOWN);
        LatestList second = start();
        etcd.delete("/grpclb/svc/a:1");
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(second.count()).isEqualTo(2);
        assertThat(second.endpoints()).isEmpty();
    }

    @Test
    void startsWhenEtcdHangs() {
        put("a:1", 1);
        start();
        etcd.health(FakeEtcd.Health.PAUSED);
        LatestList second = start();
        assertThat(second.count()).isZero();
        after(FakeEtcd.CALL_TIMEOUT);
        assertThat(weights(second)).containsExactly("a:1=1");
    }

    @Test
    void neverKeepsAnEmptyList() {
        put("a:1", 1);
        start();
        etcd.delete("/grpclb/svc/a:1");
        after(Duration.ofMinutes(3));
        etcd.health(FakeEtcd.Health.DOWN);
        assertThat(weights(start())).containsExactly("a:1=1");
    }

    @Test
    void saysWhyThereIsNoListWhereNothingWasKept() {
        etcd.health(FakeEtcd.Health.DOWN);
        LatestList list = start();
        assertThat(list.count()).isZero();
        assertThat(list.reasons()).singleElement().asString().contains("refused");
    }

    @Test
    void aFirstAnswerThatIsLateIsNoReasonYet() {
        put("a:1", 1);
        etcd.health(FakeEtcd.Health.PAUSED);
        LatestList list = start();
        after(FakeEtcd.CALL_TIMEOUT);
        assertThat(list.reasons()).isEmpty();
        etcd.health(FakeEtcd.Health.UP);
        after(FakeEtcd.CALL_TIMEOUT);
        assertThat(weights(list)).containsExactly("a:1=1");
        assertThat(list.reasons()).isEmpty();
    }

    @Test
    void aSecondAnswerThatIsLateIsAReason() {
        etcd.health(FakeEtcd.Health.PAUSED);
        LatestList list = start();
        after(FakeEtcd.CALL_TIMEOUT.multipliedBy(3));
        assertThat(list.reasons()).singleElement().asString().contains("no answer in time");
    }

    @Test
    void givesNoListToOneWhomEtcdTurnsAway() {
        put("a:1", 1);
        start();
        etcd.refuse(EtcdException.Kind.PERMISSION);
        LatestList second = start();
        assertThat(second.count()).isZero();
        assertThat(second.reasons()).hasSize(1);
    }

    @Test
    void aListThatEtcdConfirmsDoesNotAge() {
        put("a:1", 1);
        start();
        after(Duration.ofMinutes(75));
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(55));
        assertThat(weights(start())).containsExactly("a:1=1");
    }

    @Test
    void aListThatIsTooOldIsNotUsed(CapturedLog output) {
        put("a:1", 1);
        start();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(50));
        assertThat(start().count()).isEqualTo(1);
        after(Duration.ofMinutes(15));
        LatestList third = start();
        assertThat(third.count()).isZero();
        assertThat(third.reasons()).hasSize(1);
        assertThat(output).contains("s old (expected: at most 3600)", directory.toString());
    }

    @Test
    void aListFromTheFutureIsNotUsed() {
        put("a:1", 1);
        start();
        etcd.health(FakeEtcd.Health.DOWN);
        assertThat(start(store(ETCD, -Duration.ofHours(1).toMillis())).count()).isZero();
    }

    @Test
    void aListOfAnotherClusterOrPrefixIsNotUsed() {
        put("a:1", 1);
        start();
        etcd.health(FakeEtcd.Health.DOWN);
        assertThat(start(store(EtcdOptions.of("http://10.0.0.1:2379"), 0)).count())
                .isZero();
        EtcdOptions otherPrefix =
                new EtcdOptions(ETCD.endpoints(), "/other/", null, null, null, EtcdOptions.DEFAULT_CALL_TIMEOUT);
        assertThat(start(store(otherPrefix, 0)).count()).isZero();
        EtcdOptions inOtherOrder = EtcdOptions.of("http://10.0.0.2:2379", "http://10.0.0.1:2379");
        assertThat(start(store(inOtherOrder, 0)).count()).isEqualTo(1);
    }

    private LatestList start() {
        return start(store(ETCD, 0));
    }

    /** Starts another process; the ones before go on. */
    private LatestList start(SnapshotStore<List<KeyValue>> store) {
        EtcdEndpointSource source = new EtcdEndpointSource(
                new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7)),
                etcd.client(),
                new Following(new KeySpace("/grpclb/"), RecordRules.DEFAULT, store, RegistryObserver.NONE),
                Duration.ofHours(1));
        LatestList list = new LatestList();
        source.subscribe("svc", list);
        after(SOON);
        return list;
    }

    private SnapshotStore<List<KeyValue>> store(EtcdOptions options, long clockOffset) {
        return new SnapshotStore<>(
                new SnapshotOptions(directory, Duration.ofHours(1)),
                new RecordFormat(options),
                scheduler,
                scheduler::nanoTime,
                () -> MIDNIGHT + clockOffset + scheduler.nanoTime() / 1_000_000);
    }

    private void put(String address, int weight) {
        etcd.put(
                "/grpclb/svc/" + address,
                "{\"Op\":0,\"Addr\":\"" + address + "\",\"Metadata\":{\"weight\":" + weight + "}}");
    }

    private static List<String> weights(LatestList list) {
        return list.endpoints().stream()
                .map(endpoint -> endpoint.address() + "=" + endpoint.weight())
                .toList();
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }
}
