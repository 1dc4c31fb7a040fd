package io.github.grpclb.etcd.announce;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EtcdLeaseTest {

    private static final Duration TTL = Duration.ofSeconds(9);

    private final FakeClock scheduler = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(scheduler);
    private boolean grantsAreLost;
    private boolean ownerThrows;
    private int renewals;

    private final EtcdApi api = new ForwardingApi(etcd.client()) {
        @Override
        public CompletableFuture<Lease> grant(Duration ttl) {
            return grantsAreLost ? new CompletableFuture<>() : to.grant(ttl);
        }

        @Override
        public CompletableFuture<Lease> renew(long lease, Duration timeout) {
            renewals++;
            return to.renew(lease, timeout);
        }
    };

    private final EtcdLease lease = new EtcdLease(
            new Announcing(
                    new EtcdLoop(scheduler, scheduler::nanoTime, new Random(7)),
                    api,
                    new EndpointCodec(new KeySpace("/grpclb/")),
                    RegistryObserver.NONE,
                    TTL,
                    FakeEtcd.CALL_TIMEOUT,
                    FakeEtcd.CALL_TIMEOUT),
            new Owner());

    @Test
    void isRenewedByOneLoopAfterWhatItsOwnerThrew() {
        lease.open();
        after(Duration.ofSeconds(4));
        ownerThrows = true;
        after(Duration.ofSeconds(3));
        ownerThrows = false;
        after(Duration.ofSeconds(3));
        renewals = 0;
        after(Duration.ofSeconds(60));
        assertThat(renewals).isBetween(19, 21);
        assertThat(etcd.leaseCount()).isEqualTo(1);
        assertThat(lease.state()).isEqualTo(EtcdLease.State.HELD);
    }

    @Test
    void isHeldAndRenewedThoughItsOwnerThrewWhenItWasGranted() {
        ownerThrows = true;
        lease.open();
        after(Duration.ofMillis(10));
        ownerThrows = false;
        after(Duration.ofMinutes(1));
        assertThat(lease.state()).isEqualTo(EtcdLease.State.HELD);
        assertThat(etcd.grants()).isEqualTo(1);
        assertThat(renewals).isBetween(19, 21);
    }

    @Test
    void anotherOneIsGrantedThoughItsOwnerThrewWhenItWasLost() {
        lease.open();
        after(Duration.ofSeconds(1));
        etcd.revokeNow(lease.id());
        ownerThrows = true;
        after(Duration.ofSeconds(3));
        assertThat(etcd.grants()).isEqualTo(2);
        assertThat(etcd.leases()).containsExactly(lease.id());
    }

    @Test
    void isAskedForAgainWhereNothingIsHeardOfTheCall() {
        grantsAreLost = true;
        lease.open();
        after(FakeEtcd.CALL_TIMEOUT);
        grantsAreLost = false;
        after(FakeEtcd.CALL_TIMEOUT.plusMillis(10));
        assertThat(lease.state()).isEqualTo(EtcdLease.State.HELD);
        assertThat(etcd.grants()).isEqualTo(1);
    }

    @Test
    void leavesNoTimerWhenItIsClosed() {
        lease.open();
        after(Duration.ofSeconds(4));
        lease.close();
        renewals = 0;
        after(Duration.ofMinutes(1));
        assertThat(renewals).isZero();
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }

    private final class Owner implements EtcdLease.Owner {

        @Override
        public void leaseHeld() {
            throwIfSo();
        }

        @Override
        public void leaseFailed(EtcdException cause) {
            throwIfSo();
        }

        @Override
        public void leaseLost() {
            throwIfSo();
        }

        private void throwIfSo() {
            if (ownerThrows) {
                throw new IllegalStateException("owner");
            }
        }
    }
}
