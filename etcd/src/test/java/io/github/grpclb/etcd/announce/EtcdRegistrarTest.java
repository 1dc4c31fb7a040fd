package io.github.grpclb.etcd.announce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.Status;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.FakeStore;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(CapturedLog.Extension.class)
class EtcdRegistrarTest {

    private static final Duration TTL = Duration.ofSeconds(10);
    private static final Duration WITHDRAW = Duration.ofSeconds(3);

    /** The longest back-off and what the calls after it take. */
    private static final Duration RECOVERY = Duration.ofMillis(2100);

    private static final String KEY = "/grpclb/greeter/10.0.0.1:8080";

    private final FakeClock scheduler = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(scheduler);
    private final List<Loss> losses = new ArrayList<>();
    private final FakeEtcd.FakeClient client = etcd.client();
    private final EtcdRegistrar registrar = registrar(client);

    private final Endpoint endpoint = Endpoint.builder("greeter", "10.0.0.1", 8080)
            .id("a")
            .startedAt(1000)
            .weight(5)
            .build();

    @Test
    void announcesUnderALeaseAndKeepsIt() {
        Registration registration = register();
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(registration.registered()).isCompleted();
        assertThat(etcd.value(KEY))
                .isEqualTo("{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":"
                        + "{\"id\":\"a\",\"startedAt\":1000,\"state\":\"up\",\"weight\":5}}");
        long revision = etcd.revision();
        after(Duration.ofHours(1));
        assertThat(etcd.revision()).isEqualTo(revision);
        assertThat(etcd.grants()).isEqualTo(1);
        assertThat(losses).isEmpty();
    }

    @Test
    void knowsWhetherThereAreOthersOfTheService() {
        Registration registration = register();
        etcd.put("/grpclb/other/10.0.0.2:8080", "10.0.0.2:8080");
        assertThat(hasOthers(registration)).isFalse();
        etcd.put("/grpclb/greeter/10.0.0.0:8080", "10.0.0.0:8080");
        assertThat(hasOthers(registration)).isTrue();
        etcd.delete("/grpclb/greeter/10.0.0.0:8080");
        assertThat(hasOthers(registration)).isFalse();
        etcd.health(FakeEtcd.Health.DOWN);
        assertThat(hasOthers(registration)).isTrue();
    }

    private boolean hasOthers(Registration registration) {
        CompletableFuture<Boolean> others = registration.hasOthers();
        after(Duration.ofSeconds(1));
        return others.join();
    }

    @Test
    void announcesWhenEtcdComesLate() {
        etcd.health(FakeEtcd.Health.DOWN);
        Registration registration = register();
        after(Duration.ofMinutes(5));
        assertThat(registration.state()).isEqualTo(State.PENDING);
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
    }

    @Test
    void keepsItsLeaseOverAShortOutage() {
        register();
        long revision = etcd.revision();
        etcd.health(FakeEtcd.Health.PAUSED);
        after(Duration.ofSeconds(4));
        etcd.health(FakeEtcd.Health.UP);
        after(Duration.ofMinutes(1));
        assertThat(etcd.revision()).isEqualTo(revision);
        assertThat(losses).isEmpty();
    }

    @Test
    void isBackAfterAPauseThatOutlastsTheLease() {
        Registration registration = register();
        etcd.health(FakeEtcd.Health.PAUSED);
        after(Duration.ofSeconds(20));
        assertThat(registration.state()).isEqualTo(State.PENDING);
        etcd.health(FakeEtcd.Health.UP);
        assertThat(etcd.keys()).isEmpty();
        after(RECOVERY.plus(FakeEtcd.CALL_TIMEOUT));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.keys()).containsExactly(KEY);
        assertThat(losses).containsExactly(Loss.LEASE_OVERDUE);
        assertThat(etcd.leaseCount()).isEqualTo(1);
    }

    /** A process that stalls again and again, each time for longer than its lease. */
    @Test
    @FaultRow(26)
    void takesOneLeaseAndOnePutAfterEachStall() {
        FakeClock process = scheduler.process();
        registrar(etcd.client(process), process).register(endpoint);
        after(Duration.ofSeconds(1));
        int stalls = 10;
        for (int i = 0; i < stalls; i++) {
            long revision = etcd.revision();
            process.freeze(true);
            after(TTL.multipliedBy(2));
            assertThat(etcd.keys()).isEmpty();
            process.freeze(false);
            after(RECOVERY.plus(FakeEtcd.CALL_TIMEOUT));
            assertThat(etcd.keys()).containsExactly(KEY);
            assertThat(etcd.revision()).as("a deletion and a put").isEqualTo(revision + 2);
        }
        assertThat(etcd.grants()).isEqualTo(1 + stalls);
        assertThat(losses).hasSize(stalls);
    }

    @Test
    void isBackAfterAnOutageWithWipedData() {
        Registration registration = register();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofSeconds(60));
        etcd.wipe();
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.keys()).containsExactly(KEY);
    }

    @Test
    void isBackWhenTheLeaseIsRevoked() {
        Registration registration = register();
        etcd.revokeNow(etcd.record(KEY).lease());
        after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.keys()).containsExactly(KEY);
        assertThat(losses).containsExactly(Loss.LEASE_GONE);
    }

    @Test
    void putsBackADeletedKey() {
        register();
        etcd.delete(KEY);
        after(TTL.dividedBy(3).plusMillis(20));
        assertThat(etcd.keys()).containsExactly(KEY);
        assertThat(losses).containsExactly(Loss.KEY_DELETED);
        assertThat(etcd.grants()).isEqualTo(1);
    }

    /** What is taken over from etcd is an operator's word, not a hint of another framework. */
    @ParameterizedTest
    @ValueSource(strings = {"1.5", "\"heavy\"", "2,\"state\":\"running\""})
    void adoptsNoWeightFromARecordThatItCannotReadAsAWhole(String weight) {
        Registration registration = register();
        etcd.put(KEY, "{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":{\"weight\":" + weight + "}}");
        after(TTL);
        assertThat(registration.endpoint()).isEqualTo(endpoint);
        assertThat(etcd.value(KEY)).contains("\"weight\":5");
    }

    /** Looked for once, with one read. */
    @Test
    void saysThatAnotherServerHasItsId(CapturedLog output) {
        etcd.put(
                "/grpclb/greeter/10.0.0.9:8080",
                "{\"Op\":0,\"Addr\":\"10.0.0.9:8080\",\"Metadata\":{\"id\":\"a\",\"state\":\"running\"}}");
        etcd.put("/grpclb/greeter/oops", "oops");
        register();
        after(Duration.ofMinutes(5));
        assertThat(output.toString().lines().filter(line -> line.contains("two servers have the id 'a'")))
                .singleElement()
                .asString()
                .contains(KEY, "10.0.0.1:8080", "/grpclb/greeter/10.0.0.9:8080");
    }

    /** With {@code etcdctl put --ignore-lease} the key stays under the server's lease, with a plain put it does not. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void keepsAWeightThatAnOperatorSets(boolean ignoreLease) {
        Registration registration = register();
        long lease = etcd.record(KEY).lease();
        etcd.put(
                KEY,
                ByteString.copyFromUtf8(
                        "{\"Op\":0,\"Addr\":\"10.0.0.1:8080\",\"Metadata\":{\"weight\":1,\"zone\":\"lost\"}}"),
                ignoreLease ? lease : 0);
        after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.endpoint())
                .isEqualTo(endpoint.toBuilder().weight(1).build());
        assertThat(etcd.value(KEY)).contains("\"id\":\"a\"", "\"weight\":1").doesNotContain("lost");
        assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
        assertThat(losses).isEmpty();
        etcd.delete(KEY);
        after(TTL);
        assertThat(etcd.value(KEY)).contains("\"weight\":1");
    }

    @Test
    void restoresAValueThatSaysNothingUseful() {
        register();
        long lease = etcd.record(KEY).lease();
        for (String value : List.of("oops", "", "10.0.0.2:8080")) {
            etcd.put(KEY, value);
            after(TTL.dividedBy(3).plusMillis(20));
            assertThat(etcd.value(KEY)).contains("\"weight\":5");
            assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
        }
        assertThat(losses).containsOnly(Loss.VALUE_OVERWRITTEN).hasSize(3);
    }

    @Test
    void takesBackARecordThatLostItsLease() {
        register();
        long lease = etcd.record(KEY).lease();
        etcd.put(KEY, etcd.value(KEY));
        after(TTL.dividedBy(3).plusMillis(20));
        assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
    }

    @Test
    void leavesTheKeyOfALiveProcessAlone() {
        EtcdRegistrar first = registrar(etcd.client());
        Registration held =
                first.register(endpoint.toBuilder().id("first").startedAt(1).build());
        after(Duration.ofSeconds(1));
        Registration second = register();
        after(Duration.ofMinutes(5));
        assertThat(second.state()).isEqualTo(State.CONFLICT);
        assertThat(second.registered()).isNotDone();
        assertThat(etcd.value(KEY)).contains("\"id\":\"first\"");
        assertThat(held.state()).isEqualTo(State.REGISTERED);
        second.withdraw();
        after(Duration.ofSeconds(1));
        assertThat(etcd.value(KEY)).contains("\"id\":\"first\"");
    }

    @Test
    void takesThePlaceOfAProcessThatWithdraws() {
        EtcdRegistrar first = registrar(etcd.client());
        Registration held =
                first.register(endpoint.toBuilder().id("first").startedAt(1).build());
        after(Duration.ofSeconds(1));
        Registration second = register();
        after(Duration.ofMinutes(1));
        held.withdraw();
        after(Duration.ofSeconds(6));
        assertThat(second.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.value(KEY)).contains("\"id\":\"a\"");
    }

    @Test
    @FaultRow(28)
    void takesOverFromAKilledProcessBeforeTheAddressVanishes() {
        FakeEtcd.FakeClient killed = etcd.client();
        registrar(killed).register(endpoint.toBuilder().startedAt(1).build());
        after(Duration.ofSeconds(1));
        killed.cut(true);
        Registration restarted = register();
        for (int i = 0; i < 200; i++) {
            after(Duration.ofMillis(100));
            assertThat(etcd.keys()).containsExactly(KEY);
        }
        assertThat(restarted.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.value(KEY)).contains("\"startedAt\":1000");
    }

    @Test
    void takesOverFromItsOwnEarlierLeaseAtOnce() {
        Registration registration = register();
        long other = etcd.grantNow(Duration.ofMinutes(5));
        etcd.put(KEY, etcd.record(KEY).value(), other);
        after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.record(KEY).lease()).isNotEqualTo(other);
    }

    @Test
    void goesBackToWaitingWhenAnotherProcessOverwritesIt() {
        Registration registration = register();
        long other = etcd.grantNow(Duration.ofSeconds(30));
        etcd.put(KEY, com.google.protobuf.ByteString.copyFromUtf8("10.0.0.1:8080"), other);
        after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.state()).isEqualTo(State.CONFLICT);
        assertThat(losses).containsExactly(Loss.TAKEN_OVER);
        after(Duration.ofSeconds(30));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
    }

    @Test
    @FaultRow(1)
    void saysWhyAndSinceWhenItIsNotRegisteredAndThatItIsVisibleOnceItIs() {
        etcd.health(FakeEtcd.Health.DOWN);
        Registration registration = register();
        after(Duration.ofSeconds(59));
        Status pending = registration.status();
        assertThat(pending.state()).isEqualTo(State.PENDING);
        assertThat(pending.forTime()).isBetween(Duration.ofSeconds(59), Duration.ofSeconds(61));
        assertThat(pending.reason()).isEqualTo("etcd unreachable: connection refused");
        assertThat(pending.visible()).isFalse();
        assertThat(pending.lag()).isNull();
        etcd.health(FakeEtcd.Health.UP);
        after(RECOVERY);
        Status registered = registration.status();
        assertThat(registered.state()).isEqualTo(State.REGISTERED);
        assertThat(registered.forTime()).isLessThan(RECOVERY);
        assertThat(registered.reason()).isNull();
        assertThat(registered.visible()).isTrue();
        assertThat(registered.lag()).isEqualTo(FakeEtcd.LATENCY.multipliedBy(2));
    }

    @Test
    void isNotVisibleUntilWhatWasWrittenLastWasReadBack() {
        Registration registration = register();
        registration.update(endpoint.toBuilder().weight(7).build());
        after(FakeEtcd.LATENCY.multipliedBy(2));
        assertThat(etcd.value(KEY)).contains("\"weight\":7");
        assertThat(registration.status().visible()).isFalse();
        after(FakeEtcd.LATENCY);
        assertThat(registration.status().visible()).isTrue();
        assertThat(registration.status().lag()).isEqualTo(FakeEtcd.LATENCY.multipliedBy(2));
    }

    @Test
    void isNotVisibleWhileItIsLost() {
        Registration registration = register();
        etcd.health(FakeEtcd.Health.PAUSED);
        after(Duration.ofSeconds(20));
        assertThat(registration.status().visible()).isFalse();
        assertThat(registration.status().reason()).startsWith("not renewed within 10 s");
    }

    @Test
    void isVisibleAgainAfterAnOutageThatItsLeaseSurvived() {
        Registration registration = register();
        Duration lag = registration.status().lag();
        etcd.health(FakeEtcd.Health.DOWN);
        after(Duration.ofSeconds(20));
        etcd.health(FakeEtcd.Health.UP);
        after(Duration.ofSeconds(20));
        assertThat(registration.status().state()).isEqualTo(State.REGISTERED);
        assertThat(registration.status().visible()).isTrue();
        assertThat(registration.status().lag()).isEqualTo(lag);
    }

    @Test
    void staysVisibleWhereAnUpdateChangesNothing() {
        Registration registration = register();
        registration.update(registration.endpoint());
        after(Duration.ofSeconds(1));
        assertThat(registration.status().visible()).isTrue();
    }

    @Test
    void costsEtcdOneReadAWriteAndOneARenewal() {
        register();
        int calls = etcd.calls();
        after(TTL.multipliedBy(10));
        assertThat(etcd.calls() - calls).isBetween(56, 60);
    }

    @Test
    void namesTheProcessThatItConflictsWith() {
        registrar(etcd.client())
                .register(endpoint.toBuilder().id("fir\nst").startedAt(1).build());
        after(Duration.ofSeconds(1));
        Status status = register().status();
        assertThat(status.state()).isEqualTo(State.CONFLICT);
        assertThat(status.reason())
                .matches("another process \\(id fir\\\\u000ast, startedAt 1, lease [0-9a-f]+\\) holds the key");
    }

    @Test
    @FaultRow(16)
    void triesOnWithoutSpaceAndSaysSo() {
        etcd.noSpace(true);
        Registration registration = register();
        after(Duration.ofMinutes(5));
        assertThat(registration.status().state()).isEqualTo(State.PENDING);
        assertThat(registration.status().reason()).contains("NOSPACE");
        etcd.noSpace(false);
        after(RECOVERY);
        assertThat(registration.status().state()).isEqualTo(State.REGISTERED);
    }

    @Test
    @FaultRow(6)
    void withdrawsItsRecordAlsoUnderALeaseOutOfABackup() {
        Registration registration = register();
        FakeStore.Backup backup = etcd.backup();
        etcd.revokeNow(etcd.record(KEY).lease());
        after(TTL);
        etcd.restore(backup);
        CompletableFuture<Void> withdrawn = registration.withdraw();
        after(Duration.ofMillis(10));
        assertThat(withdrawn).isCompleted();
        assertThat(etcd.keys()).isEmpty();
    }

    @Test
    void announcesNewValuesUnderTheSameLease() {
        Registration registration = register();
        long lease = etcd.record(KEY).lease();
        CompletableFuture<Void> done = registration.update(
                endpoint.toBuilder().state(Endpoint.State.DRAINING).build());
        after(Duration.ofMillis(10));
        assertThat(done).isCompleted();
        assertThat(etcd.value(KEY)).contains("\"state\":\"draining\"");
        assertThat(etcd.record(KEY).lease()).isEqualTo(lease);
        assertThat(losses).isEmpty();
    }

    @Test
    void theLastOfManyUpdatesStands() {
        Registration registration = register();
        List<CompletableFuture<Void>> updates = new ArrayList<>();
        for (int weight = 1; weight <= 20; weight++) {
            updates.add(registration.update(endpoint.toBuilder().weight(weight).build()));
        }
        after(Duration.ofSeconds(1));
        assertThat(updates).allSatisfy(update -> assertThat(update).isCompleted());
        assertThat(etcd.value(KEY)).contains("\"weight\":20");
    }

    @Test
    void refusesAnUpdateOfAnotherAddress() {
        Registration registration = register();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> registration.update(
                        Endpoint.builder("greeter", "10.0.0.1", 9).build()))
                .withMessageContaining("10.0.0.1:9");
    }

    @Test
    void settlesWhenAnAnswerIsLost() {
        etcd.loseAnswers(true);
        Registration registration = register();
        after(Duration.ofSeconds(30));
        etcd.loseAnswers(false);
        after(Duration.ofSeconds(6));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        after(Duration.ofSeconds(30));
        assertThat(etcd.leaseCount()).isEqualTo(1);
    }

    @Test
    void withdrawsKeyAndLease() {
        Registration registration = register();
        CompletableFuture<Void> done = registration.withdraw();
        after(Duration.ofMillis(10));
        assertThat(done).isCompleted();
        assertThat(registration.state()).isEqualTo(State.WITHDRAWN);
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
        int calls = etcd.calls();
        after(Duration.ofHours(1));
        assertThat(etcd.calls()).isEqualTo(calls);
    }

    @Test
    void withdrawsARecordThatAnOperatorHasJustEdited() {
        Registration registration = register();
        etcd.put(KEY, "7");
        registration.withdraw();
        after(Duration.ofMillis(10));
        assertThat(etcd.keys()).isEmpty();
    }

    @Test
    void doesNotWaitForEtcdToWithdraw() {
        for (FakeEtcd.Health health : List.of(FakeEtcd.Health.DOWN, FakeEtcd.Health.PAUSED)) {
            Registration registration = register();
            etcd.health(health);
            CompletableFuture<Void> done = registration.withdraw();
            after(WITHDRAW);
            assertThat(done).isCompletedExceptionally();
            etcd.health(FakeEtcd.Health.UP);
            after(TTL);
            assertThat(etcd.keys()).isEmpty();
        }
    }

    @Test
    void withdrawingBeforeItIsAnnouncedStopsTrying() {
        etcd.health(FakeEtcd.Health.DOWN);
        Registration registration = register();
        CompletableFuture<Void> done = registration.withdraw();
        after(Duration.ofMillis(10));
        assertThat(done).isCompleted();
        assertThat(registration.registered()).isCancelled();
        etcd.health(FakeEtcd.Health.UP);
        after(Duration.ofMinutes(1));
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
    }

    @Test
    void leavesNothingWhenWithdrawnInTheMidstOfIt() {
        for (int micros = 0; micros < 6000; micros += 250) {
            Registration registration = registrar.register(endpoint);
            after(Duration.ofNanos(micros * 1000L));
            CompletableFuture<Void> done = registration.withdraw();
            after(Duration.ofSeconds(1));
            assertThat(done).isCompleted();
            assertThat(etcd.keys()).isEmpty();
            assertThat(etcd.leaseCount()).isZero();
        }
    }

    @Test
    void asksSeldomWhereOnlyAPersonCanHelp() {
        etcd.refuse(EtcdException.Kind.PERMISSION);
        Registration registration = register();
        int calls = etcd.calls();
        after(Duration.ofMinutes(10));
        assertThat(etcd.calls() - calls).isLessThanOrEqualTo(27);
        etcd.refuse(null);
        after(Duration.ofSeconds(31));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
    }

    @Test
    @FaultRow(19)
    void asksSeldomForAKeyThatIsDeniedWhileTheLeaseIsRenewed() {
        int[] reads = {0};
        boolean[] denied = {true};
        EtcdException denial = new EtcdException(EtcdException.Kind.PERMISSION, "permission denied");
        Registration registration = registrar(new ForwardingApi(client) {
                    @Override
                    public CompletableFuture<KeyValue> get(String key) {
                        reads[0]++;
                        return to.get(key)
                                .thenCompose(found -> denied[0]
                                        ? CompletableFuture.failedFuture(denial)
                                        : CompletableFuture.completedFuture(found));
                    }
                })
                .register(endpoint);
        after(Duration.ofMinutes(10));
        assertThat(reads[0]).isBetween(18, 26);
        assertThat(etcd.leaseCount()).isEqualTo(1);
        denied[0] = false;
        after(Duration.ofSeconds(31));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        after(Duration.ofMinutes(1));
        assertThat(etcd.value(KEY)).isNotNull();
    }

    @Test
    void looksAnewWhereNothingIsHeardOfTheLook() {
        boolean[] mute = {true};
        Registration registration = registrar(new ForwardingApi(client) {
                    @Override
                    public CompletableFuture<KeyValue> get(String key) {
                        return mute[0] ? new CompletableFuture<>() : to.get(key);
                    }
                })
                .register(endpoint);
        after(Duration.ofSeconds(1));
        mute[0] = false;
        after(FakeEtcd.CALL_TIMEOUT.multipliedBy(4));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.grants()).isEqualTo(1);
    }

    @Test
    void asksForNoShorterTimeThanWasWanted() {
        Duration wanted = Duration.ofMillis(2900);
        EtcdLoop loop = new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7));
        new EtcdRegistrar(
                        loop,
                        client,
                        new KeySpace("/grpclb/"),
                        List.of(),
                        FakeEtcd.CALL_TIMEOUT,
                        wanted,
                        WITHDRAW,
                        RegistryObserver.NONE)
                .register(endpoint);
        after(Duration.ofMillis(10));
        assertThat(etcd.store().leases().values()).singleElement().satisfies(lease -> assertThat(lease.ttl)
                .isEqualTo(Duration.ofSeconds(3)));
    }

    @Test
    void refusesWhatNoClientCouldReach() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> registrar.register(
                        Endpoint.builder("greeter", "0.0.0.0", 8080).build()))
                .withMessageContaining("0.0.0.0:8080");
    }

    @Test
    void refusesTheSameAddressTwice() {
        Registration registration = register();
        assertThatIllegalStateException().isThrownBy(() -> registrar.register(endpoint));
        registration.withdraw();
        after(Duration.ofMillis(10));
        assertThat(register().state()).isEqualTo(State.REGISTERED);
    }

    private Registration register() {
        Registration registration = registrar.register(endpoint);
        after(Duration.ofMillis(10));
        return registration;
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }

    private EtcdRegistrar registrar(EtcdApi api) {
        return registrar(api, scheduler);
    }

    private EtcdRegistrar registrar(EtcdApi api, FakeClock process) {
        EtcdLoop loop = new EtcdLoop(process, process::nanoTime, new Random(7));
        RegistryObserver observer = new RegistryObserver() {
            @Override
            public void lost(Endpoint lost, Loss reason) {
                losses.add(reason);
            }
        };
        return new EtcdRegistrar(
                loop, api, new KeySpace("/grpclb/"), List.of(), FakeEtcd.CALL_TIMEOUT, TTL, WITHDRAW, observer);
    }
}
