package io.github.grpclb.etcd.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.ConsumerDirectory.Consumers;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdConsumersTest {

    private static final Duration TTL = Duration.ofSeconds(30);
    private static final KeySpace KEYS = new KeySpace("/grpclb-consumers/");
    private static final String KEY = "/grpclb-consumers/greeter/pod-1~a1";

    private final FakeClock clock = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(clock);
    private final EtcdLoop loop = new EtcdLoop(clock, clock::nanoTime, new Random(7));
    private final List<Consumer> calls = new ArrayList<>();
    private final EtcdConsumerDirectory directory = new EtcdConsumerDirectory(loop, etcd.client(), KEYS);
    private int writes;

    private final EtcdApi api = new ForwardingApi(etcd.client()) {
        @Override
        public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
            writes++;
            return to.putIfUnchanged(key, modRevision, value, lease);
        }

        @Override
        public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
            writes++;
            return to.deleteIfUnchanged(key, modRevision);
        }
    };

    private final EtcdConsumers consumers =
            new EtcdConsumers(loop, api, KEYS, FakeEtcd.CALL_TIMEOUT, TTL, "a1", () -> List.copyOf(calls));

    private static Consumer consumer(String service, int servers) {
        return new Consumer(service, "front", "1.2", "pod-1", "round_robin", servers, 1_763_600_000_000L);
    }

    @Test
    void writesNothingBeforeItCallsSomething() {
        after(Duration.ofMinutes(5));
        assertThat(etcd.calls()).isZero();
    }

    @Test
    void writesWhatItCallsUnderOneLease() {
        calls.add(consumer("greeter", 3));
        calls.add(consumer("com.acme/orders", 0));
        after(Duration.ofSeconds(3));
        assertThat(etcd.keys()).containsExactlyInAnyOrder(KEY, "/grpclb-consumers/com.acme/orders/pod-1~a1");
        assertThat(etcd.value(KEY))
                .isEqualTo(
                        "{\"application\":\"front\",\"instance\":\"pod-1\",\"policy\":\"round_robin\",\"servers\":3,\"startedAt\":1763600000000,\"version\":\"1.2\"}");
        assertThat(etcd.leaseCount()).isEqualTo(1);
        assertThat(told(null).consumers())
                .containsExactlyInAnyOrder(consumer("greeter", 3), consumer("com.acme/orders", 0));
        assertThat(told("greeter").consumers()).containsExactly(consumer("greeter", 3));
        assertThat(told("com.acme").consumers()).isEmpty();
    }

    @Test
    void writesAKeyEvery30SecondsAtMost() {
        calls.add(consumer("greeter", 0));
        after(Duration.ofSeconds(3));
        assertThat(writes).isEqualTo(1);
        for (int i = 1; i <= 300; i++) {
            calls.set(0, consumer("greeter", i));
            after(Duration.ofSeconds(1));
        }
        assertThat(writes).isBetween(9, 11);
        after(Duration.ofSeconds(32));
        assertThat(told("greeter").consumers()).containsExactly(consumer("greeter", 300));
        int last = writes;
        after(Duration.ofMinutes(10));
        assertThat(writes).isEqualTo(last);
    }

    @Test
    void takesBackWhatItCallsNoMoreAndBoundsThatToo() {
        calls.add(consumer("greeter", 1));
        after(Duration.ofSeconds(3));
        for (int i = 0; i < 60; i++) {
            if (i % 2 == 0) {
                calls.clear();
            } else {
                calls.add(consumer("greeter", 1));
            }
            after(Duration.ofSeconds(7));
        }
        assertThat(writes).isBetween(5, 15);
        calls.clear();
        after(Duration.ofSeconds(62));
        assertThat(etcd.keys()).isEmpty();
    }

    @Test
    void putsBackWhatWasDeletedOrOverwritten() {
        calls.add(consumer("greeter", 1));
        after(Duration.ofSeconds(3));
        etcd.delete(KEY);
        after(Duration.ofSeconds(33));
        assertThat(told("greeter").consumers()).hasSize(1);
        etcd.put(KEY, "nonsense");
        after(Duration.ofSeconds(33));
        assertThat(told("greeter").consumers()).hasSize(1);
        assertThat(etcd.record(KEY).lease()).isEqualTo(etcd.leases().get(0));
    }

    @Test
    void putsBackAtOnceWhatALeaseTookAlong() {
        calls.add(consumer("greeter", 1));
        after(Duration.ofSeconds(3));
        etcd.wipe();
        after(Duration.ofSeconds(13));
        assertThat(told("greeter").consumers()).hasSize(1);
        etcd.revokeNow(etcd.leases().get(0));
        after(Duration.ofSeconds(13));
        assertThat(told("greeter").consumers()).hasSize(1);
        assertThat(etcd.leaseCount()).isEqualTo(1);
    }

    @Test
    void writesOnceEtcdIsThere() {
        etcd.health(FakeEtcd.Health.DOWN);
        calls.add(consumer("greeter", 1));
        after(Duration.ofMinutes(1));
        etcd.health(FakeEtcd.Health.UP);
        after(Duration.ofSeconds(5));
        assertThat(etcd.keys()).containsExactly(KEY);
    }

    @Test
    void staysWhileEtcdIsAwayForAMoment() {
        calls.add(consumer("greeter", 1));
        after(Duration.ofSeconds(3));
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofMinutes(2));
        etcd.health(FakeEtcd.Health.UP);
        after(Duration.ofSeconds(40));
        assertThat(told("greeter").consumers()).hasSize(1);
    }

    @Test
    void goesOnWhereItIsRefused() {
        etcd.refuse(EtcdException.Kind.PERMISSION);
        calls.add(consumer("greeter", 1));
        after(Duration.ofMinutes(1));
        etcd.refuse(null);
        after(Duration.ofSeconds(70));
        assertThat(etcd.keys()).containsExactly(KEY);
    }

    @Test
    void isGoneOnceItIsClosed() {
        calls.add(consumer("greeter", 1));
        after(Duration.ofSeconds(3));
        consumers.end();
        calls.add(consumer("other", 1));
        after(Duration.ofSeconds(60));
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
    }

    @Test
    void isGoneWithinItsTimeAfterItsProcess() {
        calls.add(consumer("greeter", 1));
        after(Duration.ofSeconds(3));
        etcd.wipe();
        FakeClock other = new FakeClock();
        EtcdLoop dying = new EtcdLoop(other, other::nanoTime, new Random(1));
        new EtcdConsumers(
                dying, etcd.client(other), KEYS, FakeEtcd.CALL_TIMEOUT, TTL, "b2", () -> List.of(consumer("x", 1)));
        for (int i = 0; i < 40; i++) { // both pass together, until the process stands still
            other.forward(Duration.ofMillis(100));
            after(Duration.ofMillis(100));
        }
        assertThat(etcd.keys()).contains("/grpclb-consumers/x/pod-1~b2");
        after(TTL.plusSeconds(1));
        assertThat(etcd.keys()).doesNotContain("/grpclb-consumers/x/pod-1~b2");
    }

    @Test
    void aBoundedNumberOfServicesIsWrittenDown() {
        for (int i = 0; i < EtcdConsumers.MOST_SERVICES + 5; i++) {
            calls.add(consumer("s" + i, 1));
        }
        after(Duration.ofSeconds(10));
        assertThat(etcd.keys()).hasSize(EtcdConsumers.MOST_SERVICES);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{}",
                "{\"application\":1,\"instance\":\"i\"}",
                "{\"application\":\"a\",\"instance\":\" \"}",
                "{\"application\":\"a\",\"instance\":\"i\",\"servers\":-1}",
                "{\"application\":\"a\",\"instance\":\"i\",\"servers\":99999999999}",
                "{\"application\":\"a\",\"instance\":\"i\",\"servers\":1e3}",
                "{\"application\":\"a\",\"instance\":\"i\",\"application\":\"b\"}",
                "{\"application\":\"a\",\"instance\":\"i\"} x"
            })
    void whatCannotBeReadHidesNobody(String value) {
        etcd.put("/grpclb-consumers/greeter/evil", value);
        etcd.put("/grpclb-consumers/greeter/huge", ByteString.copyFrom(new byte[100_000]), 0);
        etcd.put("/grpclb-consumers/orphan", "x");
        etcd.put("/grpclb-consumers/greeter/z", "{\"application\":\"<script>\",\"instance\":\"i\",\"more\":[]}");
        assertThat(told("greeter").unreadable()).isEqualTo(2);
        assertThat(told(null).unreadable()).isEqualTo(3);
        assertThat(told("greeter").consumers())
                .containsExactly(new Consumer("greeter", "<script>", null, "i", null, 0, 0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/grpclb/  | /grpclb/",
                "/grpclb/  | /grpclb/consumers",
                "/grpclb/x | /grpclb",
                "/         | /grpclb-consumers/",
                "''        | consumers/",
                "/grpclb/  | ''",
                "/grpclb/  | /a b"
            })
    void refusesAPrefixWhereServersAre(String endpoints, String prefix) {
        KeySpace servers = new KeySpace(endpoints.isEmpty() || endpoints.endsWith("/") ? endpoints : endpoints + "/");
        assertThatThrownBy(() -> EtcdConsumers.keySpace(prefix, servers))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageContaining("consumersPrefix");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"/grpclb/ | /grpclb-consumers", "'' | /grpclb-consumers/", "/grpclb/ | c", "/ | consumers/"})
    void takesOneWhereNoneIs(String endpoints, String prefix) {
        assertThat(EtcdConsumers.keySpace(prefix, new KeySpace(endpoints)).prefix())
                .endsWith("/");
    }

    private Consumers told(String service) {
        CompletableFuture<Consumers> told = directory.consumers(service);
        after(Duration.ofMillis(10));
        return told.join();
    }

    private void after(Duration time) {
        clock.forward(time);
    }
}
