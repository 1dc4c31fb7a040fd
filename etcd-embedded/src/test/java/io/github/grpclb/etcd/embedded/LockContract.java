package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.lock.LockRequest;
import io.etcd.jetcd.api.lock.LockResponse;
import io.etcd.jetcd.api.lock.UnlockRequest;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

abstract class LockContract extends EtcdContract {

    private static final long UNKNOWN = 4711;

    @Test
    void isHeldByAKeyOfTheLease() {
        long lease = grant();

        LockResponse held = get(lock("l", lease));

        assertThat(held.getKey()).isEqualTo(key("l/" + Long.toHexString(lease)));
        assertThat(held.getHeader().getRevision()).isEqualTo(revision());
        assertThat(etcd.kv()
                        .range(RangeRequest.newBuilder().setKey(held.getKey()).build())
                        .getKvsList())
                .singleElement()
                .satisfies(kv -> {
                    assertThat(kv.getLease()).isEqualTo(lease);
                    assertThat(kv.getValue()).isEqualTo(ByteString.EMPTY);
                });
    }

    @Test
    void isHeldByOneAtATimeInTheOrderOfTheirComing() {
        LockResponse first = get(lock("l", grant()));
        Future<LockResponse> second = lock("l", grant());
        awaitClaims(2);
        Future<LockResponse> third = lock("l", grant());
        awaitClaims(3);

        unlock(first);

        LockResponse held = get(second);
        assertThat(held.getHeader().getRevision())
                .isGreaterThan(first.getHeader().getRevision());
        assertThat(third.isDone()).isFalse();
        unlock(held);
        assertThat(get(third).getKey()).isNotEqualTo(held.getKey());
    }

    @Test
    void ofOtherNamesAreOtherLocks() {
        get(lock("l", grant()));

        assertThat(get(lock("l/", grant())).getKey()).isNotEmpty();
        assertThat(get(lock("m", grant())).getKey()).isNotEmpty();
    }

    @Test
    void isItsHoldersAlready() {
        long lease = grant();
        LockResponse held = get(lock("l", lease));

        assertThat(get(lock("l", lease)).getKey()).isEqualTo(held.getKey());
        assertThat(claims()).hasSize(1);
    }

    @Test
    void passesOnWhereTheLeaseOfItsHolderEnds() {
        long lease = grant();
        get(lock("l", lease));
        Future<LockResponse> next = lock("l", grant());
        awaitClaims(2);

        revoke(lease);

        assertThat(get(next).getKey()).isNotEmpty();
    }

    @Test
    void isNotWaitedForByWhoGaveUp() {
        LockResponse held = get(lock("l", grant()));
        Future<LockResponse> gone = lock("l", grant());
        awaitClaims(2);
        Future<LockResponse> next = lock("l", grant());
        awaitClaims(3);

        gone.cancel(true);
        awaitClaims(2);

        unlock(held);
        assertThat(get(next).getKey()).isNotEmpty();
    }

    @Test
    void hasALeaseOfAMinuteWhereItIsGivenNone() {
        LockResponse held = get(lock("l", 0));

        long lease = etcd.kv()
                .range(RangeRequest.newBuilder().setKey(held.getKey()).build())
                .getKvs(0)
                .getLease();
        assertThat(held.getKey()).isEqualTo(key("l/" + Long.toHexString(lease)));
        assertThat(lease).isNotZero();
    }

    @Test
    void isNotHeldWithALeaseThatIsNot() {
        assertThatItFails(lock("l", UNKNOWN), "etcdserver: requested lease not found");
        assertThat(claims()).isEmpty();
    }

    @Test
    void mayBeUnlockedByItsKeyAlone() {
        get(lock("l", grant()));

        assertThat(get(etcd.lock()
                                .unlock(UnlockRequest.newBuilder()
                                        .setKey(key("nobody"))
                                        .build()))
                        .getHeader()
                        .getRevision())
                .isEqualTo(revision());
        assertThatItFails(etcd.lock().unlock(UnlockRequest.getDefaultInstance()), "etcdserver: key is not provided");
        assertThat(claims()).hasSize(1);
    }

    private Future<LockResponse> lock(String name, long lease) {
        return etcd.lock()
                .lock(LockRequest.newBuilder()
                        .setName(key(name))
                        .setLease(lease)
                        .build());
    }

    private void unlock(LockResponse held) {
        get(etcd.lock().unlock(UnlockRequest.newBuilder().setKey(held.getKey()).build()));
    }

    private List<String> claims() {
        return names(etcd.kv()
                .range(RangeRequest.newBuilder()
                        .setKey(key("l/"))
                        .setRangeEnd(key("l0"))
                        .build())
                .getKvsList());
    }

    private void awaitClaims(int count) {
        await().until(() -> claims().size() == count);
    }
}
