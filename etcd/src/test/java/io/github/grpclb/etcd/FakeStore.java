package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.record.KeyValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * What an etcd keeps: records, leases, and how all this came. An era is the time between two losses of data; of each the records
 * at every revision are kept, so that a list can be held against them.
 */
public final class FakeStore {

    /** A lease, and who asked for it. */
    public static final class Lease {
        public final Duration ttl;
        final Object owner;
        long expiresAt;

        Lease(Duration ttl, Object owner) {
            this.ttl = ttl;
            this.owner = owner;
        }
    }

    /** A copy of all data, to be restored later. */
    public record Backup(
            TreeMap<String, KeyValue> records,
            Map<Long, Lease> leases,
            List<EtcdApi.Event> history,
            NavigableMap<Long, Map<String, KeyValue>> era,
            long revision,
            long compacted) {}

    private final LongSupplier nanos;
    private final BiConsumer<Long, List<EtcdApi.Event>> changed;
    private final Map<Long, Object> owners = new HashMap<>();
    private final List<NavigableMap<Long, Map<String, KeyValue>>> eras = new ArrayList<>();
    private TreeMap<String, KeyValue> records = new TreeMap<>();
    private Map<Long, Lease> leases = new HashMap<>();
    private List<EtcdApi.Event> history = new ArrayList<>();
    private long revision = 1;
    private long compacted;
    private long nextLease = 0x1000;

    /** Creates an empty store that tells of each revision and its changes. */
    FakeStore(LongSupplier nanos, BiConsumer<Long, List<EtcdApi.Event>> changed) {
        this.nanos = nanos;
        this.changed = changed;
        begin(new TreeMap<>());
    }

    TreeMap<String, KeyValue> records() {
        return records;
    }

    public Map<Long, Lease> leases() {
        return leases;
    }

    long revision() {
        return revision;
    }

    long compacted() {
        return compacted;
    }

    List<EtcdApi.Event> changesFrom(long from) {
        return history.stream()
                .filter(event -> event.record().modRevision() >= from)
                .toList();
    }

    int eras() {
        return eras.size();
    }

    /** Returns the records of an era by the revision from which on they were so. */
    NavigableMap<Long, Map<String, KeyValue>> era(int era) {
        return eras.get(era);
    }

    /** Returns who asked for a lease, also of one that is over; null where nobody did. */
    Object owner(long lease) {
        return owners.get(lease);
    }

    long grant(Duration ttl, Object owner) {
        long id = nextLease++;
        leases.put(id, new Lease(ttl, owner));
        owners.put(id, owner);
        renew(id);
        return id;
    }

    void renew(long id) {
        Lease lease = leases.get(id);
        lease.expiresAt = nanos.getAsLong() + lease.ttl.toNanos();
    }

    void revoke(long id) {
        if (leases.remove(id) != null) {
            delete(records.values().stream()
                    .filter(record -> record.lease() == id)
                    .map(KeyValue::key)
                    .toList());
        }
    }

    void expire() {
        long now = nanos.getAsLong();
        leases.entrySet().stream()
                .filter(entry -> entry.getValue().expiresAt <= now)
                .map(Map.Entry::getKey)
                .toList()
                .forEach(this::revoke);
    }

    void put(String key, ByteString value, long lease) {
        revision++;
        KeyValue old = records.get(key);
        KeyValue record = new KeyValue(key, value, old == null ? revision : old.createRevision(), revision, lease);
        records.put(key, record);
        happened(List.of(new EtcdApi.Event(record, false)));
    }

    /** Deletes what is there of some keys, all in one revision. */
    public void delete(List<String> keys) {
        List<String> present = keys.stream().filter(records::containsKey).toList();
        if (present.isEmpty()) {
            return;
        }
        revision++;
        List<EtcdApi.Event> events = new ArrayList<>();
        for (String key : present) {
            records.remove(key);
            events.add(new EtcdApi.Event(new KeyValue(key, ByteString.EMPTY, 0, revision, 0), true));
        }
        happened(events);
    }

    void compact() {
        compacted = revision;
        history.clear();
    }

    void wipe() {
        records = new TreeMap<>();
        leases = new HashMap<>();
        history = new ArrayList<>();
        revision = 1;
        compacted = 0;
        begin(new TreeMap<>());
    }

    Backup backup() {
        return new Backup(
                new TreeMap<>(records),
                new HashMap<>(leases),
                new ArrayList<>(history),
                new TreeMap<>(era(eras.size() - 1)),
                revision,
                compacted);
    }

    void restore(Backup backup) {
        records = new TreeMap<>(backup.records());
        leases = new HashMap<>(backup.leases());
        history = new ArrayList<>(backup.history());
        revision = backup.revision();
        compacted = backup.compacted();
        begin(new TreeMap<>(backup.era()));
    }

    private void begin(NavigableMap<Long, Map<String, KeyValue>> era) {
        eras.add(era);
        era.put(revision, new TreeMap<>(records));
    }

    private void happened(List<EtcdApi.Event> events) {
        era(eras.size() - 1).put(revision, new TreeMap<>(records));
        history.addAll(events);
        changed.accept(revision, events);
    }
}
