package io.github.grpclb.etcd.override;

import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** An override that is being ended: its key is deleted, and then its lease, if nothing else goes with that. For the loop's thread. */
final class Deleting {

    /** How often others may come in between. */
    private static final int TRIES = 10;

    private final Records records;
    private final String service;
    private final String key;
    private final CompletableFuture<Boolean> done;
    private int tries;

    Deleting(Records records, String service, String key, CompletableFuture<Boolean> done) {
        this.records = records;
        this.service = service;
        this.key = key;
        this.done = done;
    }

    void start() {
        tries++;
        records.readOverrides(service, this::found, done::completeExceptionally);
    }

    private void found(EtcdApi.Page all) {
        Optional<KeyValue> found = all.records().stream()
                .filter(record -> record.key().equals(key))
                .findFirst();
        if (found.isEmpty()) {
            done.complete(false);
        } else {
            delete(found.get());
        }
    }

    private void delete(KeyValue record) {
        records.delete(
                record,
                deleted -> {
                    if (deleted) {
                        records.endUnused(record.lease(), () -> done.complete(true));
                    } else if (tries < TRIES) {
                        start();
                    } else {
                        done.completeExceptionally(new EtcdException(
                                EtcdException.Kind.REFUSED,
                                "others put this override all the time; it is still there"));
                    }
                },
                done::completeExceptionally);
    }
}
