package io.github.grpclb.etcd.announce;

import static io.github.grpclb.etcd.announce.RegistrarSetup.ENDPOINT;
import static io.github.grpclb.etcd.announce.RegistrarSetup.KEY;
import static io.github.grpclb.etcd.announce.RegistrarSetup.TTL;
import static io.github.grpclb.etcd.announce.RegistrarSetup.WITHDRAW;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.FakeStore;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a withdrawal leaves in etcd, and how long it takes. */
class EtcdRegistrarWithdrawalTest {

    private final RegistrarSetup setup = new RegistrarSetup();
    private final FakeEtcd etcd = setup.etcd;

    @Test
    void withdrawsKeyAndLease() {
        Registration registration = setup.register();
        CompletableFuture<Void> done = registration.withdraw();
        setup.after(Duration.ofMillis(10));
        assertThat(done).isCompleted();
        assertThat(registration.state()).isEqualTo(State.WITHDRAWN);
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
        int calls = etcd.calls();
        setup.after(Duration.ofHours(1));
        assertThat(etcd.calls()).isEqualTo(calls);
    }

    @Test
    void withdrawsARecordThatAnOperatorHasJustEdited() {
        Registration registration = setup.register();
        etcd.put(KEY, "7");
        registration.withdraw();
        setup.after(Duration.ofMillis(10));
        assertThat(etcd.keys()).isEmpty();
    }

    @Test
    @FaultRow(6)
    void withdrawsItsRecordAlsoUnderALeaseOutOfABackup() {
        Registration registration = setup.register();
        FakeStore.Backup backup = etcd.backup();
        etcd.revokeNow(etcd.record(KEY).lease());
        setup.after(TTL);
        etcd.restore(backup);
        CompletableFuture<Void> withdrawn = registration.withdraw();
        setup.after(Duration.ofMillis(10));
        assertThat(withdrawn).isCompleted();
        assertThat(etcd.keys()).isEmpty();
    }

    @Test
    void doesNotWaitForEtcdToWithdraw() {
        for (FakeEtcd.Health health : List.of(FakeEtcd.Health.DOWN, FakeEtcd.Health.PAUSED)) {
            Registration registration = setup.register();
            etcd.health(health);
            CompletableFuture<Void> done = registration.withdraw();
            setup.after(WITHDRAW);
            assertThat(done).isCompletedExceptionally();
            etcd.health(FakeEtcd.Health.UP);
            setup.after(TTL);
            assertThat(etcd.keys()).isEmpty();
        }
    }

    @Test
    void withdrawingBeforeItIsAnnouncedStopsTrying() {
        etcd.health(FakeEtcd.Health.DOWN);
        Registration registration = setup.register();
        CompletableFuture<Void> done = registration.withdraw();
        setup.after(Duration.ofMillis(10));
        assertThat(done).isCompleted();
        assertThat(registration.registered()).isCancelled();
        etcd.health(FakeEtcd.Health.UP);
        setup.after(Duration.ofMinutes(1));
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
    }

    @Test
    void leavesNothingWhenWithdrawnInTheMidstOfIt() {
        for (int micros = 0; micros < 6000; micros += 250) {
            Registration registration = setup.registrar.register(ENDPOINT);
            setup.after(Duration.ofNanos(micros * 1000L));
            CompletableFuture<Void> done = registration.withdraw();
            setup.after(Duration.ofSeconds(1));
            assertThat(done).isCompleted();
            assertThat(etcd.keys()).isEmpty();
            assertThat(etcd.leaseCount()).isZero();
        }
    }
}
