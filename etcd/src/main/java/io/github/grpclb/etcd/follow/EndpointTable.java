package io.github.grpclb.etcd.follow;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.etcd.record.SameIds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of one service as they were last read. An endpoint that is what the last list held stays the same object,
 * whatever came in between; of a key whose record cannot be read the last good value stays. For the loop's thread.
 */
@Internal
public final class EndpointTable {

    private static final Logger log = LoggerFactory.getLogger(EndpointTable.class);
    private static final int MAX_LINES = 20;
    private static final int MAX_HINTS = 3;

    /** By what it is seen that a record is unchanged: revisions alone come again in an etcd that lost its data. */
    private record Version(long createRevision, long modRevision, HashCode value) {

        static Version of(KeyValue record) {
            HashCode value = Hashing.murmur3_128().hashBytes(record.value().asReadOnlyByteBuffer());
            return new Version(record.createRevision(), record.modRevision(), value);
        }
    }

    /** What is known of a key; {@code endpoint} is null where no record could be read yet. */
    private record Row(
            Version version, long lease, @Nullable Endpoint endpoint) {}

    /**
     * An endpoint whose key was deleted.
     *
     * @param lease that its key had; 0 where it had none
     */
    record Deleted(Endpoint endpoint, long lease) {}

    private final String service;
    private final EndpointCodec codec;
    private final RegistryObserver observer;
    private final int maxEndpoints;
    private final TreeMap<String, Row> rows = new TreeMap<>();

    /** What the last list held of each key that was touched since, in the order of the changes. */
    private final Map<String, Optional<Endpoint>> touched = new LinkedHashMap<>();

    private final EtcdLoop loop;
    private final SameIds sameIds;
    private boolean overflows;

    public EndpointTable(
            String service, EtcdLoop loop, EndpointCodec codec, RegistryObserver observer, int maxEndpoints) {
        this.service = service;
        this.loop = loop;
        this.sameIds = new SameIds(loop.logLimit());
        this.codec = codec;
        this.observer = observer;
        this.maxEndpoints = maxEndpoints;
    }

    /** Takes a whole list in place of all that was known. */
    void replace(List<KeyValue> records) {
        Set<String> present = records.stream().map(KeyValue::key).collect(Collectors.toSet());
        List.copyOf(rows.keySet()).stream()
                .filter(key -> !present.contains(key))
                .forEach(this::remove);
        records.forEach(this::put);
    }

    /** Takes one change; one that is older than what is known is dropped. */
    public void apply(EtcdApi.Event event) {
        Row known = rows.get(event.record().key());
        if (known != null && event.record().modRevision() <= known.version().modRevision()) {
            return;
        }
        if (event.deleted()) {
            remove(event.record().key());
        } else {
            put(event.record());
        }
    }

    /** Returns which endpoint a change that is to be applied takes away; null where it takes none. */
    @Nullable
    Deleted deletedBy(EtcdApi.Event event) {
        Row known = rows.get(event.record().key());
        if (!event.deleted()
                || known == null
                || event.record().modRevision() <= known.version().modRevision()) {
            return null;
        }
        Endpoint endpoint = known.endpoint();
        return endpoint == null ? null : new Deleted(endpoint, known.lease());
    }

    /** Returns the leases of all that is known. */
    Set<Long> leases() {
        return rows.values().stream()
                .map(Row::lease)
                .filter(lease -> lease != 0)
                .collect(Collectors.toSet());
    }

    /** Returns the endpoints in the order of their keys, no address twice. */
    public List<Endpoint> endpoints() {
        Map<String, Endpoint> newest = new HashMap<>();
        for (Row row : rows.values()) {
            Endpoint endpoint = row.endpoint();
            if (endpoint != null) {
                // the other is a leftover that ends with its lease
                newest.merge(endpoint.address(), endpoint, BinaryOperator.maxBy(Endpoint.NEWEST_LAST));
            }
        }
        List<Endpoint> endpoints = new ArrayList<>(newest.size());
        for (Row row : rows.values()) {
            Endpoint endpoint = row.endpoint();
            if (endpoint != null && newest.get(endpoint.address()) == endpoint) {
                endpoints.add(endpoint);
            }
        }
        return atMost(maxEndpoints, endpoints);
    }

    /** Of too many the oldest stay: whoever floods the registry does not push out those who were there. */
    private List<Endpoint> atMost(int max, List<Endpoint> endpoints) {
        boolean before = overflows;
        overflows = endpoints.size() > max;
        if (!overflows) {
            return endpoints;
        }
        if (!before) {
            log.warn("{}: {} endpoints, of which the oldest {} are used", LogText.of(service), endpoints.size(), max);
        }
        Set<String> oldest = endpoints.stream()
                .sorted(Comparator.comparingLong(Endpoint::createRevision))
                .limit(max)
                .map(Endpoint::key)
                .collect(Collectors.toSet());
        return endpoints.stream()
                .filter(endpoint -> oldest.contains(endpoint.key()))
                .toList();
    }

    /** Returns {@link #endpoints()} for a list; logs what has changed since the last one, a line each, or one for all when there are many. */
    public List<Endpoint> listed() {
        List<Endpoint> endpoints = endpoints();
        List<String> changes = touched.entrySet().stream()
                .flatMap(entry -> change(entry.getKey(), entry.getValue().orElse(null)).stream())
                .toList();
        if (!touched.isEmpty()) {
            sameIds.look(endpoints);
        }
        if (changes.size() > MAX_LINES) {
            log.info("{}: {} endpoints added, changed or removed", LogText.of(service), changes.size());
        } else {
            changes.forEach(change -> log.info("{}: {}", LogText.of(service), change));
        }
        touched.clear();
        return endpoints;
    }

    private Optional<String> change(String key, @Nullable Endpoint before) {
        Row row = rows.get(key);
        Endpoint after = row == null ? null : row.endpoint();
        if (before == null) {
            return Optional.ofNullable(after).map(added -> "endpoint added: " + describe(added));
        }
        if (after == null) {
            return Optional.of("endpoint removed: " + describe(before));
        }
        return after == before
                ? Optional.empty()
                : Optional.of("endpoint changed: " + describe(after) + ", before " + describe(before));
    }

    private void put(KeyValue record) {
        Row known = rows.get(record.key());
        Version version = Version.of(record);
        if (known != null && known.version().equals(version)) {
            return;
        }
        Endpoint before = known == null ? null : known.endpoint();
        Endpoint after;
        List<MalformedRecordException> leftOut = new ArrayList<>(0);
        try {
            after = codec.decode(service, record, leftOut::add);
        } catch (MalformedRecordException e) {
            skipped(record, before, e);
            rows.put(record.key(), new Row(version, record.lease(), before));
            return;
        }
        if (!leftOut.isEmpty()) {
            usedInPart(record, leftOut);
        }
        Optional<Endpoint> listed = touch(record.key(), before);
        rows.put(
                record.key(),
                new Row(version, record.lease(), listed.filter(after::equals).orElse(after)));
    }

    private void remove(String key) {
        Row known = rows.remove(key);
        if (known != null) {
            touch(key, known.endpoint());
        }
    }

    /** Returns what the last list held of a key that changes now. */
    private Optional<Endpoint> touch(String key, @Nullable Endpoint before) {
        return touched.computeIfAbsent(key, first -> Optional.ofNullable(before));
    }

    private void skipped(KeyValue record, @Nullable Endpoint before, MalformedRecordException why) {
        log.warn(
                "{}: record {} (revision {}) skipped, {}: {}",
                LogText.of(service),
                LogText.of(record.key()),
                record.modRevision(),
                before == null ? "it names no endpoint" : "its last good value stays",
                why.getMessage());
        loop.foreign(() -> observer.recordSkipped(service));
    }

    private void usedInPart(KeyValue record, List<MalformedRecordException> leftOut) {
        log.warn(
                "{}: record {} (revision {}) is used without what cannot be read of it, {}: {}",
                LogText.of(service),
                LogText.of(record.key()),
                record.modRevision(),
                leftOut.size(),
                leftOut.stream().limit(MAX_HINTS).map(Throwable::getMessage).collect(Collectors.joining("; ")));
    }

    private static String describe(Endpoint endpoint) {
        return LogText.of(endpoint.key()) + " " + endpoint.address() + " weight " + endpoint.weight()
                + (endpoint.state() == Endpoint.State.DRAINING ? " draining" : "");
    }
}
