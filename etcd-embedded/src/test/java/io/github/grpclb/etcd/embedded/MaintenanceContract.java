package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.AlarmRequest.AlarmAction;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.DefragmentRequest;
import io.etcd.jetcd.api.HashKVRequest;
import io.etcd.jetcd.api.HashKVResponse;
import io.etcd.jetcd.api.HashRequest;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import org.junit.jupiter.api.Test;

abstract class MaintenanceContract extends EtcdContract {

    @Test
    void itsSizeIsThatOfTheDataAndShrinksWhereItIsDefragmented() {
        put("a", "1");
        shrink();
        StatusResponse before = status();
        assertThat(before.getDbSize()).isGreaterThanOrEqualTo(20 * 1024);
        assertThat(before.getDbSizeInUse()).isBetween(1L, before.getDbSize());

        for (int i = 0; i < 40; i++) {
            put("a", "x".repeat(50_000));
        }
        // a real one writes its file a moment later
        await().until(() -> status().getDbSize() > before.getDbSize() + 1_500_000
                && status().getDbSizeInUse() > before.getDbSizeInUse() + 1_500_000);
        compact();
        await().until(() -> status().getDbSizeInUse() < before.getDbSizeInUse() + 500_000);
        assertThat(status().getDbSize()).isGreaterThan(before.getDbSize() + 1_500_000);

        shrink();
        assertThat(status().getDbSize()).isLessThan(before.getDbSize() + 500_000);
        assertThat(get("a").getCount()).isOne();
    }

    @Test
    void itsHashIsThatOfTheKeysAtARevision() {
        put("a", "1");
        HashKVResponse first = hash(0);
        long revision = first.getHeader().getRevision();
        assertThat(hash(0).getHash()).isEqualTo(first.getHash()).isNotZero();

        put("a", "2");

        assertThat(hash(0).getHash()).isNotEqualTo(first.getHash());
        assertThat(hash(revision).getHash()).isEqualTo(first.getHash());
        assertThat(etcd.maintenance().hash(HashRequest.getDefaultInstance()).getHash())
                .isNotZero();
    }

    @Test
    void hasNoHashOfWhatIsCompactedOrToCome() {
        put("a", "1");
        long revision = put("a", "2").getHeader().getRevision();
        compact();

        assertThat(hash(0).getCompactRevision()).isEqualTo(revision + 1);
        assertRefused(() -> hash(revision - 1), "OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted");
        assertRefused(
                () -> hash(revision + 1000), "OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision");
    }

    @Test
    void hasNoAlarmToDisarm() {
        assertThat(etcd.maintenance()
                        .alarm(AlarmRequest.newBuilder()
                                .setAction(AlarmAction.DEACTIVATE)
                                .build())
                        .getAlarmsList())
                .isEmpty();
    }

    private StatusResponse status() {
        return etcd.maintenance().status(StatusRequest.getDefaultInstance());
    }

    private HashKVResponse hash(long revision) {
        return etcd.maintenance()
                .hashKV(HashKVRequest.newBuilder().setRevision(revision).build());
    }

    private void shrink() {
        compact();
        etcd.maintenance().defragment(DefragmentRequest.getDefaultInstance());
    }

    private void compact() {
        put("compacted", "");
        etcd.kv()
                .compact(CompactionRequest.newBuilder()
                        .setRevision(revision())
                        .setPhysical(true)
                        .build());
    }
}
