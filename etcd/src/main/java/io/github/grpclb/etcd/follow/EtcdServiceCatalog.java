package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.etcd.client.BoundedRead;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The services below a prefix, by their keys alone: a record's value, which may be large, is not sent. Who asks while somebody else's
 * question is under way gets its answer.
 */
final class EtcdServiceCatalog implements ServiceCatalog {

    /** Keys have 512 bytes at most where they are ours. */
    private static final int PAGE_SIZE = 5_000;

    /** How many keys are read at most: with the prefix that is empty, all that others keep in etcd is among them. */
    static final int MOST_KEYS = 1_000_000;

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final KeySpace keys;
    private @Nullable CompletableFuture<Services> underWay;

    EtcdServiceCatalog(EtcdLoop loop, EtcdApi api, KeySpace keys) {
        this.loop = loop;
        this.api = api;
        this.keys = keys;
    }

    @Override
    public synchronized CompletableFuture<Services> services() {
        CompletableFuture<Services> reading = underWay;
        if (reading == null || reading.isDone()) {
            Counts counts = new Counts();
            reading = BoundedRead.start(
                            loop,
                            (from, limit, revision) -> api.listKeysIfAllowed(keys.prefix(), from, limit, revision),
                            PAGE_SIZE,
                            counts::take)
                    .thenApply(end -> new Services(end.revision(), counts.services(), end.complete()));
            underWay = reading;
        }
        return reading.copy();
    }

    /** Counts records by service. */
    private final class Counts {

        private final Map<String, Integer> servers = new TreeMap<>();
        private int seen;

        boolean take(KeyValue record) {
            String service = keys.serviceOf(record.key());
            if (service != null) {
                if (servers.size() == MOST_SERVICES && !servers.containsKey(service)) {
                    return false;
                }
                servers.merge(service, 1, Integer::sum);
            }
            return ++seen < MOST_KEYS;
        }

        List<Service> services() {
            return servers.entrySet().stream()
                    .map(each -> new Service(each.getKey(), each.getValue()))
                    .toList();
        }
    }
}
