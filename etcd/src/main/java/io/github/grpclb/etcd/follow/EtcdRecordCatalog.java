package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.RecordCatalog;
import io.github.grpclb.etcd.client.BoundedRead;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdApi.TimeToLive;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.FoundEndpoint;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The records below a service's prefix, read as every client reads them, with what their leases have left. */
final class EtcdRecordCatalog implements RecordCatalog {

    /** A record has 64 KiB at most where it can be read. */
    private static final int PAGE_SIZE = 1_000;

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final KeySpace keys;
    private final EndpointCodec codec;

    EtcdRecordCatalog(EtcdLoop loop, EtcdApi api, KeySpace keys, EndpointCodec codec) {
        this.loop = loop;
        this.api = api;
        this.keys = keys;
        this.codec = codec;
    }

    @Override
    public CompletableFuture<Records> records(String service, @Nullable String search, int offset, int limit) {
        String prefix = keys.servicePrefix(service);
        Found found = new Found(search, offset, limit);
        return BoundedRead.start(
                        loop,
                        (from, size, revision) -> api.ifAllowed().list(prefix, from, size, revision),
                        PAGE_SIZE,
                        found::take)
                .thenCompose(end -> leases(found.page)
                        .thenApply(leases -> new Records(
                                end.revision(),
                                end.complete(),
                                found.total,
                                found.matching,
                                found.page.stream()
                                        .map(record -> entry(service, record, leases))
                                        .toList())));
    }

    /** What is read, of which a page is kept. For the loop's thread, until the read has ended. */
    private static final class Found {

        private final @Nullable String search;
        private final int offset;
        private final int limit;
        private final List<KeyValue> page = new ArrayList<>();
        private int total;
        private int matching;

        Found(@Nullable String search, int offset, int limit) {
            this.search = search == null ? null : search.toLowerCase(Locale.ROOT);
            this.offset = offset;
            this.limit = limit;
        }

        boolean take(KeyValue record) {
            total++;
            if (matches(record)) {
                if (matching >= offset && page.size() < limit) {
                    page.add(record);
                }
                matching++;
            }
            return total < MOST_RECORDS;
        }

        private boolean matches(KeyValue record) {
            String part = search;
            return part == null
                    || record.key().toLowerCase(Locale.ROOT).contains(part)
                    || record.value().toStringUtf8().toLowerCase(Locale.ROOT).contains(part);
        }
    }

    /** Asks for the first leases; one that etcd does not tell of is not there. */
    private CompletableFuture<Map<Long, TimeToLive>> leases(List<KeyValue> records) {
        long[] ids = records.stream()
                .mapToLong(KeyValue::lease)
                .filter(lease -> lease != 0)
                .distinct()
                .limit(MOST_LEASES)
                .toArray();
        CompletableFuture<Map<Long, TimeToLive>> answered = new CompletableFuture<>();
        boolean runs = loop.execute(() -> {
            Map<Long, TimeToLive> told = new HashMap<>();
            CompletableFuture<?>[] questions = new CompletableFuture<?>[ids.length];
            for (int i = 0; i < ids.length; i++) {
                long id = ids[i];
                questions[i] = api.timeToLiveIfAllowed(id).handle((left, failure) -> {
                    if (failure == null && !left.remaining().isNegative()) {
                        told.put(id, left);
                    }
                    return null;
                });
            }
            CompletableFuture.allOf(questions).thenRun(() -> answered.complete(told));
        });
        return runs ? answered : CompletableFuture.completedFuture(Map.of());
    }

    private Entry entry(String service, KeyValue record, Map<Long, TimeToLive> leases) {
        List<String> leftOut = new ArrayList<>();
        FoundEndpoint found = null;
        String refusal = null;
        try {
            found = codec.read(service, record, malformed -> leftOut.add(malformed.getMessage()));
        } catch (MalformedRecordException e) {
            refusal = e.getMessage();
        }
        TimeToLive lease = leases.get(record.lease());
        return new Entry(
                record.key(),
                found == null ? null : found.form().name().toLowerCase(Locale.ROOT),
                found == null ? null : found.endpoint(),
                refusal,
                leftOut,
                record.createRevision(),
                record.modRevision(),
                lease == null ? null : lease.granted(),
                lease == null ? null : lease.remaining(),
                record.lease() == 0);
    }
}
