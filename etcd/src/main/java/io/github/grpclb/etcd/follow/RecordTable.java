package io.github.grpclb.etcd.follow;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.UnusedRecords.Unused;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of one service as they were last read. What is as it was when changes were last asked for stays the same object,
 * whatever came in between; of a key whose record cannot be read the last good value stays. For the loop's thread.
 *
 * @param <T> what a record says; compared by value
 */
@Internal
public final class RecordTable<T> {

    private static final Logger log = LoggerFactory.getLogger(RecordTable.class);

    /** What is particular to records of a kind. */
    public interface Kind<T> {

        /** Returns what such a record is called, such as {@code endpoint}. */
        String noun();

        /** Reads a record. */
        T decode(KeyValue record) throws MalformedRecordException;
    }

    /** By what it is seen that a record is unchanged: revisions alone come again in an etcd that lost its data. */
    private record Version(long createRevision, long modRevision, HashCode value) {

        static Version of(KeyValue record) {
            HashCode value = Hashing.murmur3_128().hashBytes(record.value().asReadOnlyByteBuffer());
            return new Version(record.createRevision(), record.modRevision(), value);
        }
    }

    /** What is known of a key; {@code value} is null where no record could be read yet. */
    private record Row<T>(
            Version version, long lease, @Nullable T value, boolean refused) {}

    /**
     * What a deleted key said.
     *
     * @param lease that the key had; 0 where it had none
     */
    record Deleted<T>(T value, long lease) {}

    /** What a key said before, and says now; null where it said, or says, nothing. */
    public record Change<T>(@Nullable T before, @Nullable T after) {}

    private final String service;
    private final EtcdLoop loop;
    private final Kind<T> kind;
    private final RegistryObserver observer;
    private final TreeMap<String, Row<T>> rows = new TreeMap<>();

    /** Why records cannot be read, of {@link UnusedRecords#MOST} keys at most. */
    private final TreeMap<String, String> refusals = new TreeMap<>();

    private int refused;

    /** What each key said that was touched since it was asked what has changed, in the order of the changes. */
    private final Map<String, Optional<T>> touched = new LinkedHashMap<>();

    /**
     * Creates one that knows nothing.
     *
     * @param observer hears of records that cannot be read
     */
    public RecordTable(String service, EtcdLoop loop, Kind<T> kind, RegistryObserver observer) {
        this.service = service;
        this.loop = loop;
        this.kind = kind;
        this.observer = observer;
    }

    /** Takes a whole list in place of all that was known. */
    public void replace(List<KeyValue> records) {
        Set<String> present = records.stream().map(KeyValue::key).collect(Collectors.toSet());
        List.copyOf(rows.keySet()).stream()
                .filter(key -> !present.contains(key))
                .forEach(this::remove);
        records.forEach(this::put);
    }

    /** Takes one change; one that is older than what is known is dropped. */
    public void apply(EtcdApi.Event event) {
        Row<T> known = rows.get(event.record().key());
        if (known != null && event.record().modRevision() <= known.version().modRevision()) {
            return;
        }
        if (event.deleted()) {
            remove(event.record().key());
        } else {
            put(event.record());
        }
    }

    /** Returns what the records say, in the order of their keys. */
    public Stream<T> values() {
        return rows.values().stream().flatMap(row -> Stream.ofNullable(row.value()));
    }

    /** Returns what a change that is to be applied takes away; null where it takes nothing. */
    @Nullable
    Deleted<T> deletedBy(EtcdApi.Event event) {
        Row<T> known = rows.get(event.record().key());
        if (!event.deleted()
                || known == null
                || event.record().modRevision() <= known.version().modRevision()) {
            return null;
        }
        T value = known.value();
        return value == null ? null : new Deleted<>(value, known.lease());
    }

    /** Returns the leases of all that is known. */
    Set<Long> leases() {
        return rows.values().stream()
                .map(Row::lease)
                .filter(lease -> lease != 0)
                .collect(Collectors.toSet());
    }

    /** Returns what has changed since this was last asked, in the order of the changes. */
    public List<Change<T>> changes() {
        List<Change<T>> changes = touched.entrySet().stream()
                .map(entry -> new Change<>(entry.getValue().orElse(null), valueOf(entry.getKey())))
                .filter(change -> change.before() != change.after())
                .toList();
        touched.clear();
        return changes;
    }

    /** Returns which records cannot be read, and why. */
    UnusedRecords refused() {
        return refused == 0
                ? UnusedRecords.NONE
                : new UnusedRecords(
                        refused,
                        refusals.entrySet().stream()
                                .map(each -> unused(each.getKey(), each.getValue()))
                                .toList());
    }

    private Unused unused(String key, String why) {
        boolean lastGood = valueOf(key) != null;
        return new Unused(
                key, UnusedRecords.Cause.REFUSED, lastGood, why + (lastGood ? "; its last good value stays" : ""));
    }

    private @Nullable T valueOf(String key) {
        Row<T> row = rows.get(key);
        return row == null ? null : row.value();
    }

    private void put(KeyValue record) {
        Row<T> known = rows.get(record.key());
        Version version = Version.of(record);
        if (known != null && known.version().equals(version)) {
            return;
        }
        T before = known == null ? null : known.value();
        T after;
        try {
            after = kind.decode(record);
        } catch (MalformedRecordException e) {
            skipped(record, before, e);
            set(record.key(), new Row<>(version, record.lease(), before, true));
            if (refusals.size() < UnusedRecords.MOST) {
                refusals.put(record.key(), String.valueOf(e.getMessage()));
            }
            return;
        }
        Optional<T> listed = touch(record.key(), before);
        set(
                record.key(),
                new Row<>(version, record.lease(), listed.filter(after::equals).orElse(after), false));
    }

    private void set(String key, Row<T> row) {
        noLongerRefused(rows.put(key, row), key);
        refused += row.refused ? 1 : 0;
    }

    private void noLongerRefused(@Nullable Row<T> before, String key) {
        if (before != null && before.refused) {
            refused--;
            refusals.remove(key);
        }
    }

    private void remove(String key) {
        Row<T> known = rows.remove(key);
        noLongerRefused(known, key);
        if (known != null) {
            touch(key, known.value());
        }
    }

    /** Returns what a key said when it was last asked what has changed. */
    private Optional<T> touch(String key, @Nullable T before) {
        return touched.computeIfAbsent(key, first -> Optional.ofNullable(before));
    }

    private void skipped(KeyValue record, @Nullable T before, MalformedRecordException why) {
        log.warn(
                "{}: record {} (revision {}) skipped, {}: {}",
                LogText.of(service),
                LogText.of(record.key()),
                record.modRevision(),
                before == null ? "it names no " + kind.noun() : "its last good value stays",
                why.getMessage());
        loop.foreign(() -> observer.recordSkipped(service));
    }
}
