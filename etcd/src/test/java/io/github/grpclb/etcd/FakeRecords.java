package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import io.grpc.Status;
import java.util.List;

/** The records of a {@link FakeEtcd}: what clients ask of them. */
final class FakeRecords {

    private final FakeFaults faults;
    private final FakeStore store;
    private final FakeLeases leases;
    private int largestPage = Integer.MAX_VALUE;
    private int lists;

    FakeRecords(FakeFaults faults, FakeStore store, FakeLeases leases) {
        this.faults = faults;
        this.store = store;
        this.leases = leases;
    }

    void largestPage(int bytes) {
        largestPage = bytes;
    }

    /** Returns how many pages clients asked for. */
    int lists() {
        return lists;
    }

    KeyValue get(String key) {
        return store.records().get(key);
    }

    boolean putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
        faults.mustHaveSpace();
        leases.mustExist(lease);
        if (modRevision(key) != modRevision) {
            return false;
        }
        store.put(key, value, lease);
        return true;
    }

    long putIfNoneNewer(String key, ByteString value, long lease, String prefix, long revision) {
        faults.mustHaveSpace();
        leases.mustExist(lease);
        boolean isNewer = store.records().values().stream()
                .anyMatch(record -> record.key().startsWith(prefix) && record.modRevision() > revision);
        if (isNewer) {
            return 0;
        }
        store.put(key, value, lease);
        return store.revision();
    }

    List<String> keysOf(long lease) {
        return store.records().values().stream()
                .filter(record -> record.lease() == lease)
                .map(KeyValue::key)
                .toList();
    }

    boolean deleteIfUnchanged(String key, long modRevision) {
        if (modRevision(key) != modRevision) {
            return false;
        }
        store.delete(List.of(key));
        return true;
    }

    EtcdApi.Page list(String prefix, ByteString from, int limit) {
        lists++;
        List<KeyValue> all = store.records().tailMap(from.isEmpty() ? prefix : from.toStringUtf8()).values().stream()
                .filter(record -> record.key().startsWith(prefix))
                .toList();
        boolean more = all.size() > limit;
        List<KeyValue> page = more ? all.subList(0, limit) : all;
        if (page.stream().mapToLong(record -> record.value().size()).sum() > largestPage) {
            throw EtcdException.of(Status.RESOURCE_EXHAUSTED
                    .withDescription("gRPC message exceeds maximum size " + largestPage)
                    .asException());
        }
        return new EtcdApi.Page(
                store.revision(),
                page,
                more ? ByteString.copyFromUtf8(all.get(limit).key()) : null);
    }

    private long modRevision(String key) {
        KeyValue record = get(key);
        return record == null ? 0 : record.modRevision();
    }
}
