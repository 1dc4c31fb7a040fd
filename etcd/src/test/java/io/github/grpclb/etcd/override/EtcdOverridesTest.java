package io.github.grpclb.etcd.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideSource.Subscription;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Overrides that are in etcd, as subscribers hear of them, in virtual time. */
@ExtendWith(CapturedLog.Extension.class)
class EtcdOverridesTest {

    private static final String ONE = Overrides.PREFIX + "svc/one";
    private static final Duration SOON = Duration.ofMillis(150);
    private static final Duration RECOVERY = Duration.ofMillis(2100);

    private final FakeClock clock = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(clock);
    private final EtcdLoop loop = new EtcdLoop(clock, clock::nanoTime, new Random(7));
    private final List<String> skipped = new ArrayList<>();
    private final EtcdOverrides source = new EtcdOverrides(
            loop, etcd.client(), new KeySpace(Overrides.PREFIX), EtcdOverrides.DEFAULT_LINGER, new RegistryObserver() {
                @java.lang.Override
                public void recordSkipped(String service) {
                    skipped.add(service);
                }
            });
    private final List<String> heard = new ArrayList<>();

    @Test
    void tellsTheListAndEveryChange() {
        etcd.put(ONE, Overrides.weight("s1", 0));
        etcd.put("/grpclb-overrides/other/x", Overrides.weight("s1", 0));
        etcd.put("/grpclb-overrides/svc/a/b", Overrides.weight("s1", 0));
        subscribe();
        etcd.put(Overrides.PREFIX + "svc/a", Overrides.record("{\"zone\":\"z1\"}", "\"disabled\":true"));
        after(SOON);
        etcd.put(ONE, Overrides.weight("s1", 5));
        after(SOON);
        etcd.delete(ONE);
        after(SOON);
        assertThat(heard)
                .containsExactly("one=weight 0", "a=disabled one=weight 0", "a=disabled one=weight 5", "a=disabled");
    }

    @Test
    void tellsThatThereAreNone() {
        subscribe();
        assertThat(heard).containsExactly("");
    }

    @Test
    void endsWithItsLease() {
        long lease = etcd.grantNow(Duration.ofSeconds(5));
        etcd.put(ONE, bytes(0), lease);
        subscribe();
        after(Duration.ofSeconds(5));
        assertThat(heard).containsExactly("one=weight 0", "");
    }

    @Test
    void tellsChangesTenTimesASecondAtMost() {
        subscribe();
        for (int i = 0; i < 1000; i++) {
            etcd.put(ONE, Overrides.weight("s1", i));
            after(Duration.ofMillis(1));
        }
        after(SOON);
        assertThat(heard).hasSizeLessThan(14).last().isEqualTo("one=weight 999");
    }

    @Test
    void followsAServiceOnceAndForAWhileAfterTheLastOneLeft() {
        etcd.put(ONE, Overrides.weight("s1", 0));
        Subscription first = subscribe();
        Subscription second = subscribe();
        assertThat(etcd.watchCount()).isEqualTo(1);
        first.close();
        second.close();
        after(Duration.ofMinutes(59));
        etcd.health(FakeEtcd.Health.DOWN);
        heard.clear();
        Subscription third = source.subscribe("svc", this::hear);
        after(Duration.ZERO);
        assertThat(heard).containsExactly("one=weight 0");
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        third.close();
        third.close();
        after(Duration.ofHours(1).plusSeconds(1));
        assertThat(etcd.watchCount()).isZero();
    }

    @Test
    @FaultRow(32)
    void readsAgainAfterACompaction() {
        subscribe();
        etcd.endWatches(new EtcdException(EtcdException.Kind.COMPACTED, "compacted"));
        etcd.put(ONE, Overrides.weight("s1", 0));
        etcd.compact();
        after(RECOVERY);
        assertThat(heard).containsExactly("", "one=weight 0");
    }

    @Test
    void keepsTheLastListWhileEtcdIsAway() {
        etcd.put(ONE, Overrides.weight("s1", 0));
        subscribe();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(10));
        assertThat(heard).containsExactly("one=weight 0");
        etcd.health(FakeEtcd.Health.UP);
        etcd.delete(ONE);
        after(RECOVERY);
        assertThat(heard).containsExactly("one=weight 0", "");
    }

    @Test
    void tellsThatAWipedEtcdHasNone() {
        etcd.put(ONE, Overrides.weight("s1", 0));
        subscribe();
        etcd.wipe();
        etcd.endWatches(new EtcdException(EtcdException.Kind.COMPLETED, "ended"));
        after(RECOVERY);
        assertThat(heard).containsExactly("one=weight 0", "");
    }

    @Test
    void findsOutThatAWatchIsSilent() {
        subscribe();
        etcd.muteWatches(true);
        etcd.put(ONE, Overrides.weight("s1", 0));
        after(Duration.ofSeconds(75));
        etcd.muteWatches(false);
        after(Duration.ofSeconds(30));
        assertThat(heard).containsExactly("", "one=weight 0");
    }

    @Test
    void tellsOfNoneWhileEtcdHasNotAnswered() {
        etcd.health(FakeEtcd.Health.DOWN);
        etcd.put(ONE, Overrides.weight("s1", 0));
        subscribe();
        assertThat(heard).containsExactly("");
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(heard).containsExactly("", "one=weight 0");
    }

    @Test
    @FaultRow(19)
    void goesOnWithoutWhatItMayNotRead(CapturedLog log) {
        log.takeInfoOf(OverrideFeed.class);
        etcd.put(ONE, Overrides.weight("s1", 0));
        etcd.refuseWith(new EtcdException(EtcdException.Kind.PERMISSION, "etcd denies the access: permission denied"));
        subscribe();
        after(Duration.ofMinutes(5));
        assertThat(heard).containsExactly("");
        assertThat(lines(log, "WARN"))
                .singleElement()
                .asString()
                .contains(
                        "svc: the overrides below /grpclb-overrides/svc/ cannot be followed, calls go on without",
                        "permission denied",
                        "grpc.lb.etcd.overrides-enabled=false");
        etcd.refuseWith(null);
        after(Duration.ofSeconds(31));
        assertThat(heard).containsExactly("", "one=weight 0");
        assertThat(lines(log, "INFO")).anyMatch(line -> line.contains("are followed now"));
    }

    @Test
    @FaultRow(44)
    void keepsTheLastGoodValueOfARecordThatCannotBeRead(CapturedLog log) {
        etcd.put(ONE, Overrides.weight("s1", 0));
        subscribe();
        etcd.put(ONE, "{\"weight\":0}");
        etcd.put(Overrides.PREFIX + "svc/two", "\u001b[31m{");
        etcd.put(Overrides.PREFIX + "svc/three", Overrides.weight("s1", 3));
        after(Duration.ofMinutes(5));
        assertThat(heard).containsExactly("one=weight 0", "one=weight 0 three=weight 3");
        assertThat(skipped).containsExactly("svc", "svc");
        assertThat(lines(log, "WARN")).hasSize(2).allMatch(line -> line.contains("skipped"));
    }

    @Test
    void usesAThousandOfAServiceAtMost(CapturedLog log) {
        etcd.put(Overrides.PREFIX + "svc/zzz", Overrides.weight("s1", 0));
        for (int i = 0; i < 2 * OverrideFeed.MOST; i++) {
            etcd.put(Overrides.PREFIX + "svc/n" + i, Overrides.weight("s" + i, 0));
        }
        subscribe();
        assertThat(heard.get(0).split(" (?!weight|[0-9])")).hasSize(OverrideFeed.MOST);
        assertThat(heard.get(0)).endsWith("zzz=weight 0");
        assertThat(lines(log, "WARN")).singleElement().asString().contains("2001 overrides, of which the oldest 1000");
    }

    @Test
    @FaultRow(50)
    void aListenerThatThrowsIsToldAgainAndHarmsNobody() {
        List<String> second = new ArrayList<>();
        int[] calls = {0};
        source.subscribe("svc", list -> {
            if (calls[0]++ < 2) {
                throw new IllegalStateException("listener");
            }
            second.add(text(list));
        });
        subscribe();
        after(Duration.ofSeconds(5));
        assertThat(heard).containsExactly("");
        assertThat(second).containsExactly("");
    }

    @Test
    void tellsNothingAfterTheEnd() {
        Subscription subscription = subscribe();
        subscription.close();
        etcd.put(ONE, Overrides.weight("s1", 0));
        after(SOON);
        assertThat(heard).containsExactly("");
        source.close();
        source.close();
        after(SOON);
        assertThat(etcd.watchCount()).isZero();
        assertThatIllegalStateException()
                .isThrownBy(() -> source.subscribe("svc", this::hear))
                .withMessage("The source of overrides is closed");
    }

    @Test
    void refusesNamesThatAreNone() {
        assertThatThrownBy(() -> source.subscribe("a/../b", this::hear)).isInstanceOf(IllegalValueException.class);
    }

    private Subscription subscribe() {
        Subscription subscription = source.subscribe("svc", this::hear);
        after(Duration.ofMillis(10));
        return subscription;
    }

    private void after(Duration time) {
        clock.forward(time);
    }

    private void hear(List<Override> list) {
        heard.add(text(list));
    }

    private static List<String> lines(CapturedLog log, String level) {
        return log.toString().lines().filter(line -> line.startsWith(level)).toList();
    }

    private static ByteString bytes(int weight) {
        return ByteString.copyFromUtf8(Overrides.weight("s1", weight));
    }

    private static String text(List<Override> list) {
        return list.stream()
                .map(each -> each.name() + "=" + each.describe().replaceAll(" by .*", ""))
                .collect(Collectors.joining(" "));
    }
}
