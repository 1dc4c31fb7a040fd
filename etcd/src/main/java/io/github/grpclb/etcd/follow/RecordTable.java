package io.github.grpclb.etcd.follow;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
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
 * The records of one service as they were last read. What is as the last list held it stays the same object, whatever came in between;
 * of a key whose record cannot be read the last good value stays. For the loop's thread.
 *
 * @param <T> what a record says; compared by value
 */
@Internal
public final class RecordTable<T> {

    private static final Logger log = LoggerFactory.getLogger(RecordTable.class);
    private static final int MAX_LINES = 20;

    /** What is particular to records of a kind. */
    public interface Kind<T> {

        /** Returns what such a record is called, such as {@code endpoint}. */
        String noun();

        /** Reads a record. */
        T decode(KeyValue record) throws MalformedRecordException;

        /** Returns what a record said, fit for a log line. */
        String describe(T value);
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
            Version version, long lease, @Nullable T value) {}

    /**
     * What a deleted key said.
     *
     * @param lease that the key had; 0 where it had none
     */
    record Deleted<T>(T value, long lease) {}

    private final String service;
    private final EtcdLoop loop;
    private final Kind<T> kind;
    private final RegistryObserver observer;
    private final TreeMap<String, Row<T>> rows = new TreeMap<>();

    /** What the last list held of each key that was touched since, in the order of the changes. */
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

    /** Whether there is anything that {@link #told} would log. */
    boolean isTouched() {
        return !touched.isEmpty();
    }

    /** Hears that a list is told; logs what has changed since the last one, a line each, or one for all when there are many. */
    public void told() {
        List<String> changes = touched.entrySet().stream()
                .flatMap(entry -> change(entry.getKey(), entry.getValue().orElse(null)).stream())
                .toList();
        if (changes.size() > MAX_LINES) {
            log.info("{}: {} {}s added, changed or removed", LogText.of(service), changes.size(), kind.noun());
        } else {
            changes.forEach(change -> log.info("{}: {} {}", LogText.of(service), kind.noun(), change));
        }
        touched.clear();
    }

    private Optional<String> change(String key, @Nullable T before) {
        Row<T> row = rows.get(key);
        T after = row == null ? null : row.value();
        if (before == null) {
            return Optional.ofNullable(after).map(added -> "added: " + kind.describe(added));
        }
        if (after == null) {
            return Optional.of("removed: " + kind.describe(before));
        }
        return after == before
                ? Optional.empty()
                : Optional.of("changed: " + kind.describe(after) + ", before " + kind.describe(before));
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
            rows.put(record.key(), new Row<>(version, record.lease(), before));
            return;
        }
        Optional<T> listed = touch(record.key(), before);
        rows.put(
                record.key(),
                new Row<>(version, record.lease(), listed.filter(after::equals).orElse(after)));
    }

    private void remove(String key) {
        Row<T> known = rows.remove(key);
        if (known != null) {
            touch(key, known.value());
        }
    }

    /** Returns what the last list held of a key that changes now. */
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
