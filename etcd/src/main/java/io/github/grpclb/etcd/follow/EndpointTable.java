package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.UnusedRecords.Unused;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.etcd.record.SameIds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endpoints of one service as they were last read: no address twice, and no more than are allowed. For the loop's thread.
 *
 * @see RecordTable
 */
@Internal
public final class EndpointTable {

    private static final Logger log = LoggerFactory.getLogger(EndpointTable.class);
    private static final int MAX_LINES = 20;
    private static final int MAX_HINTS = 3;

    private final String service;
    private final EndpointCodec codec;
    private final int maxEndpoints;
    private final RecordTable<Endpoint> records;
    private final SameIds sameIds;
    private boolean overflows;
    private UnusedRecords tooMany = UnusedRecords.NONE;

    public EndpointTable(
            String service, EtcdLoop loop, EndpointCodec codec, RegistryObserver observer, int maxEndpoints) {
        this.service = service;
        this.codec = codec;
        this.maxEndpoints = maxEndpoints;
        this.records = new RecordTable<>(service, loop, new Kind(), observer);
        this.sameIds = new SameIds(loop.logLimit());
    }

    /** Takes a whole list in place of all that was known. */
    public void replace(List<KeyValue> list) {
        records.replace(list);
    }

    /** Takes one change; one that is older than what is known is dropped. */
    public void apply(EtcdApi.Event event) {
        records.apply(event);
    }

    /** Returns which endpoint a change that is to be applied takes away; null where it takes none. */
    RecordTable.@Nullable Deleted<Endpoint> deletedBy(EtcdApi.Event event) {
        return records.deletedBy(event);
    }

    /** Returns the leases of all that is known. */
    Set<Long> leases() {
        return records.leases();
    }

    /** Returns the endpoints in the order of their keys, no address twice. */
    public List<Endpoint> endpoints() {
        Map<String, Endpoint> newest = new HashMap<>();
        // the other is a leftover that ends with its lease
        records.values()
                .forEach(endpoint ->
                        newest.merge(endpoint.address(), endpoint, BinaryOperator.maxBy(Endpoint.NEWEST_LAST)));
        List<Endpoint> endpoints = records.values()
                .filter(endpoint -> newest.get(endpoint.address()) == endpoint)
                .toList();
        return atMost(maxEndpoints, endpoints);
    }

    /** Of too many the oldest stay: whoever floods the registry does not push out those who were there. */
    private List<Endpoint> atMost(int max, List<Endpoint> endpoints) {
        boolean before = overflows;
        overflows = endpoints.size() > max;
        if (!overflows) {
            tooMany = UnusedRecords.NONE;
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
        String why = "of " + endpoints.size() + " servers the oldest " + max + " are used (max-endpoints)";
        tooMany = new UnusedRecords(
                endpoints.size() - max,
                endpoints.stream()
                        .filter(endpoint -> !oldest.contains(endpoint.key()))
                        .limit(UnusedRecords.MOST)
                        .map(endpoint -> new Unused(endpoint.key(), UnusedRecords.Cause.TOO_MANY, false, why))
                        .toList());
        return endpoints.stream()
                .filter(endpoint -> oldest.contains(endpoint.key()))
                .toList();
    }

    /** Returns which records {@link #endpoints()} left out when it was last asked, and why. */
    public UnusedRecords unused() {
        return records.refused().and(tooMany);
    }

    /** Returns {@link #endpoints()} for a list; logs what has changed since the last one. */
    public List<Endpoint> listed() {
        List<Endpoint> endpoints = endpoints();
        List<RecordTable.Change<Endpoint>> changes = records.changes();
        if (!changes.isEmpty()) {
            sameIds.look(endpoints);
        }
        if (changes.size() > MAX_LINES) {
            log.info("{}: {} endpoints added, changed or removed", LogText.of(service), changes.size());
        } else {
            changes.forEach(change -> log.info("{}: {}", LogText.of(service), describe(change)));
        }
        return endpoints;
    }

    private static String describe(RecordTable.Change<Endpoint> change) {
        Endpoint before = change.before();
        Endpoint after = change.after();
        if (after == null) {
            return "endpoint removed: " + (before == null ? "" : describe(before));
        }
        return before == null
                ? "endpoint added: " + describe(after)
                : "endpoint changed: " + describe(after) + ", before " + describe(before);
    }

    private static String describe(Endpoint endpoint) {
        return LogText.of(endpoint.key()) + " " + endpoint.address() + " weight " + endpoint.weight()
                + (endpoint.state() == Endpoint.State.DRAINING ? " draining" : "");
    }

    /** What is particular to records of endpoints. */
    private final class Kind implements RecordTable.Kind<Endpoint> {

        @Override
        public String noun() {
            return "endpoint";
        }

        @Override
        public Endpoint decode(KeyValue record) throws MalformedRecordException {
            List<MalformedRecordException> leftOut = new ArrayList<>(0);
            Endpoint endpoint = codec.decode(service, record, leftOut::add);
            if (!leftOut.isEmpty()) {
                usedInPart(record, leftOut);
            }
            return endpoint;
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
    }
}
