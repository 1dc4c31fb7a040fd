package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.override.Override;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An override that is being put: the others are read, and the servers where it may take the last one away; then it is written, if no
 * other one was meanwhile. Either it is there in the end, or its lease is ended. For the loop's thread.
 */
final class Putting {

    /** How often others may come in between. */
    private static final int TRIES = 10;

    private final Records records;
    private final Override wanted;
    private final boolean force;
    private final CompletableFuture<Override> done;
    private int tries;
    private long lease;

    Putting(Records records, Override wanted, boolean force, CompletableFuture<Override> done) {
        this.records = records;
        this.wanted = wanted;
        this.force = force;
        this.done = done;
    }

    void start() {
        tries++;
        records.readOverrides(wanted.service(), this::check, this::failed);
    }

    private void check(EtcdApi.Page others) {
        if (force || !LastServers.mayBeTakenBy(wanted)) {
            grant(others);
            return;
        }
        List<Override> remaining = others.records().stream()
                .filter(record -> !record.key().equals(wanted.key()))
                .flatMap(record -> records.decoded(wanted.service(), record))
                .toList();
        records.readEndpoints(
                wanted.service(),
                servers -> {
                    IllegalValueException refusal = refusal(servers, remaining);
                    if (refusal == null) {
                        grant(others);
                    } else {
                        failed(refusal);
                    }
                },
                this::failed);
    }

    private @Nullable IllegalValueException refusal(List<Endpoint> servers, List<Override> others) {
        return LastServers.refusal(wanted, others, servers);
    }

    private void grant(EtcdApi.Page others) {
        if (lease != 0) {
            write(others);
            return;
        }
        records.grant(
                roundedUp(wanted.duration()),
                granted -> {
                    lease = granted.id();
                    write(others);
                },
                this::failed);
    }

    private void write(EtcdApi.Page others) {
        records.put(
                wanted,
                force,
                lease,
                others.revision(),
                revision -> {
                    if (revision != 0) {
                        written(others, revision);
                    } else if (tries < TRIES) {
                        start();
                    } else {
                        failed(new EtcdException(
                                EtcdException.Kind.REFUSED,
                                "others put overrides of '" + wanted.service() + "' all the time; nothing was put"));
                    }
                },
                this::failed);
    }

    private void written(EtcdApi.Page others, long revision) {
        long replaced = others.records().stream()
                .filter(record -> record.key().equals(wanted.key()))
                .mapToLong(KeyValue::lease)
                .findFirst()
                .orElse(0);
        Override put = new Override(
                wanted.service(),
                wanted.name(),
                wanted.selector(),
                wanted.effect(),
                wanted.author(),
                wanted.reason(),
                wanted.since(),
                wanted.until(),
                wanted.key(),
                revision);
        records.endUnused(replaced, () -> done.complete(put));
    }

    /** It may have been written all the same, where etcd's answer did not arrive. */
    private void failed(RuntimeException why) {
        if (lease == 0) {
            done.completeExceptionally(why);
        } else {
            records.end(lease, () -> done.completeExceptionally(why));
        }
    }

    private static Duration roundedUp(Duration duration) {
        return Duration.ofSeconds(duration.plusSeconds(1).minusNanos(1).toSeconds());
    }
}
