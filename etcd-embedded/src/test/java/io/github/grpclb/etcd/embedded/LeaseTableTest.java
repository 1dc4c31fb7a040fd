package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseTableTest {

    private static final ByteString KEY = RawEtcdClient.bytes("key");

    private final FakeTicker ticker = new FakeTicker();
    private final LeaseTable leases = new LeaseTable(ticker);

    @Test
    void endsALeaseAtItsTtlAndNotBefore() {
        long id = leases.grant(LeaseTable.NONE, 5).id();

        ticker.advance(Duration.ofSeconds(5).minusNanos(1));
        assertThat(leases.expired()).isEmpty();

        ticker.advance(Duration.ofNanos(1));
        assertThat(leases.expired()).containsExactly(id);
    }

    @Test
    void startsTheTimeAnewOnRenewal() {
        Lease lease = leases.grant(LeaseTable.NONE, 5);
        ticker.advance(Duration.ofSeconds(4));

        assertThat(leases.renew(lease.id())).isEqualTo(5);

        ticker.advance(Duration.ofSeconds(4));
        assertThat(leases.expired()).isEmpty();
        assertThat(leases.remainingSeconds(lease)).isOne();
    }

    @Test
    void doesNotRenewALeaseWhoseTimeIsOver() {
        long id = leases.grant(LeaseTable.NONE, 5).id();

        ticker.advance(Duration.ofSeconds(5));

        assertThat(leases.renew(id)).isZero();
        assertThat(leases.expired()).containsExactly(id);
    }

    @Test
    void grantsTheLongestTtlWithoutOverflow() {
        leases.grant(LeaseTable.NONE, LeaseTable.MAX_TTL_SECONDS);

        ticker.advance(Duration.ofDays(365));

        assertThat(leases.expired()).isEmpty();
    }

    @Test
    void listsTheNextToEndFirst() {
        leases.grant(1, 30);
        leases.grant(2, 10);
        leases.grant(3, 20);

        assertThat(leases.ids()).containsExactly(2L, 3L, 1L);
    }

    @Test
    void keepsAKeyUnderOneLeaseOnly() {
        Lease first = leases.grant(1, 10);
        Lease second = leases.grant(2, 10);

        leases.move(KEY, LeaseTable.NONE, first.id());
        leases.move(KEY, first.id(), second.id());

        assertThat(first.keys()).isEmpty();
        assertThat(second.keys()).containsExactly(KEY);
    }

    @Test
    void revokesALeaseOnce() {
        leases.grant(1, 10);
        leases.move(KEY, LeaseTable.NONE, 1);

        assertThat(leases.revoke(1).keys()).containsExactly(KEY);
        assertThat(leases.find(1)).isNull();
        assertThatThrownBy(() -> leases.revoke(1))
                .isInstanceOf(RefusedException.class)
                .hasMessage("etcdserver: requested lease not found");
    }
}
