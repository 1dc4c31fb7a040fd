package io.github.grpclb.etcd.announce;

import static io.github.grpclb.etcd.announce.RegistrarSetup.ENDPOINT;
import static io.github.grpclb.etcd.announce.RegistrarSetup.KEY;
import static io.github.grpclb.etcd.announce.RegistrarSetup.RECOVERY;
import static io.github.grpclb.etcd.announce.RegistrarSetup.TTL;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A registrar while etcd fails, and afterwards. */
class EtcdRegistrarFaultsTest {

    private final RegistrarSetup setup = new RegistrarSetup();
    private final FakeEtcd etcd = setup.etcd;

    @Test
    void announcesWhenEtcdComesLate() {
        etcd.health(FakeEtcd.Health.DOWN);
        Registration registration = setup.register();
        setup.after(Duration.ofMinutes(5));
        assertThat(registration.state()).isEqualTo(State.PENDING);
        etcd.health(FakeEtcd.Health.UP);
        setup.after(RECOVERY);
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
    }

    @Test
    void keepsItsLeaseOverAShortOutage() {
        setup.register();
        long revision = etcd.revision();
        etcd.health(FakeEtcd.Health.PAUSED);
        setup.after(Duration.ofSeconds(4));
        etcd.health(FakeEtcd.Health.UP);
        setup.after(Duration.ofMinutes(1));
        assertThat(etcd.revision()).isEqualTo(revision);
        assertThat(setup.losses).isEmpty();
    }

    @Test
    void isBackAfterAPauseThatOutlastsTheLease() {
        Registration registration = setup.register();
        etcd.health(FakeEtcd.Health.PAUSED);
        setup.after(Duration.ofSeconds(20));
        assertThat(registration.state()).isEqualTo(State.PENDING);
        etcd.health(FakeEtcd.Health.UP);
        assertThat(etcd.keys()).isEmpty();
        setup.after(RECOVERY.plus(FakeEtcd.CALL_TIMEOUT));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.keys()).containsExactly(KEY);
        assertThat(setup.losses).containsExactly(Loss.LEASE_OVERDUE);
        assertThat(etcd.leaseCount()).isEqualTo(1);
    }

    /** A process that stalls again and again, each time for longer than its lease. */
    @Test
    @FaultRow(26)
    void takesOneLeaseAndOnePutAfterEachStall() {
        FakeClock process = setup.scheduler.process();
        setup.registrar(etcd.client(process), process).register(ENDPOINT);
        setup.after(Duration.ofSeconds(1));
        int stalls = 10;
        for (int i = 0; i < stalls; i++) {
            long revision = etcd.revision();
            process.freeze(true);
            setup.after(TTL.multipliedBy(2));
            assertThat(etcd.keys()).isEmpty();
            process.freeze(false);
            setup.after(RECOVERY.plus(FakeEtcd.CALL_TIMEOUT));
            assertThat(etcd.keys()).containsExactly(KEY);
            assertThat(etcd.revision()).as("a deletion and a put").isEqualTo(revision + 2);
        }
        assertThat(etcd.grants()).isEqualTo(1 + stalls);
        assertThat(setup.losses).hasSize(stalls);
    }

    @Test
    void isBackAfterAnOutageWithWipedData() {
        Registration registration = setup.register();
        etcd.health(FakeEtcd.Health.DOWN);
        setup.after(Duration.ofSeconds(60));
        etcd.wipe();
        etcd.health(FakeEtcd.Health.UP);
        setup.after(RECOVERY);
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.keys()).containsExactly(KEY);
    }

    @Test
    void isBackWhenTheLeaseIsRevoked() {
        Registration registration = setup.register();
        etcd.revokeNow(etcd.record(KEY).lease());
        setup.after(TTL.dividedBy(3).plusMillis(20));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.keys()).containsExactly(KEY);
        assertThat(setup.losses).containsExactly(Loss.LEASE_GONE);
    }

    @Test
    @FaultRow(16)
    void triesOnWithoutSpaceAndSaysSo() {
        etcd.noSpace(true);
        Registration registration = setup.register();
        setup.after(Duration.ofMinutes(5));
        assertThat(registration.status().state()).isEqualTo(State.PENDING);
        assertThat(registration.status().reason()).contains("NOSPACE");
        etcd.noSpace(false);
        setup.after(RECOVERY);
        assertThat(registration.status().state()).isEqualTo(State.REGISTERED);
    }

    @Test
    void settlesWhenAnAnswerIsLost() {
        etcd.loseAnswers(true);
        Registration registration = setup.register();
        setup.after(Duration.ofSeconds(30));
        etcd.loseAnswers(false);
        setup.after(Duration.ofSeconds(6));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        setup.after(Duration.ofSeconds(30));
        assertThat(etcd.leaseCount()).isEqualTo(1);
    }

    @Test
    void asksSeldomWhereOnlyAPersonCanHelp() {
        etcd.refuse(EtcdException.Kind.PERMISSION);
        Registration registration = setup.register();
        int calls = etcd.calls();
        setup.after(Duration.ofMinutes(10));
        assertThat(etcd.calls() - calls).isLessThanOrEqualTo(27);
        etcd.refuse(null);
        setup.after(Duration.ofSeconds(31));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
    }

    @Test
    @FaultRow(19)
    void asksSeldomForAKeyThatIsDeniedWhileTheLeaseIsRenewed() {
        int[] reads = {0};
        boolean[] denied = {true};
        EtcdException denial = new EtcdException(EtcdException.Kind.PERMISSION, "permission denied");
        Registration registration = setup.registrar(new ForwardingApi(setup.client) {
                    @Override
                    public CompletableFuture<KeyValue> get(String key) {
                        reads[0]++;
                        return to.get(key)
                                .thenCompose(found -> denied[0]
                                        ? CompletableFuture.failedFuture(denial)
                                        : CompletableFuture.completedFuture(found));
                    }
                })
                .register(ENDPOINT);
        setup.after(Duration.ofMinutes(10));
        assertThat(reads[0]).isBetween(18, 26);
        assertThat(etcd.leaseCount()).isEqualTo(1);
        denied[0] = false;
        setup.after(Duration.ofSeconds(31));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        setup.after(Duration.ofMinutes(1));
        assertThat(etcd.value(KEY)).isNotNull();
    }

    @Test
    void looksAnewWhereNothingIsHeardOfTheLook() {
        boolean[] mute = {true};
        Registration registration = setup.registrar(new ForwardingApi(setup.client) {
                    @Override
                    public CompletableFuture<KeyValue> get(String key) {
                        return mute[0] ? new CompletableFuture<>() : to.get(key);
                    }
                })
                .register(ENDPOINT);
        setup.after(Duration.ofSeconds(1));
        mute[0] = false;
        setup.after(FakeEtcd.CALL_TIMEOUT.multipliedBy(4));
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(etcd.grants()).isEqualTo(1);
    }
}
