package io.github.grpclb.etcd.announce;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeyValue;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes a key back: deletes it if it is still ours, then ends the lease. Tried again until it is done or the time is
 * up; what is left then ends with the lease. For the loop's thread.
 */
final class Withdrawal {

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Announcing announcing;
    private final EtcdLoop loop;
    private final EtcdApi api;
    private final String key;
    private final Endpoint endpoint;
    private final long lease;
    private final boolean mayHoldTheKey;
    private final long begun;
    private final Alarm next;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    /**
     * Creates a withdrawal.
     *
     * @param endpoint what was announced: a record of the same process is ours under whatever lease, as when etcd has
     *     the data of an earlier time again
     * @param lease the lease that was held; 0 when there was none
     * @param mayHoldTheKey whether the key was ever put, so that a record without a lease is ours, too
     */
    Withdrawal(Announcing announcing, String key, Endpoint endpoint, long lease, boolean mayHoldTheKey) {
        this.announcing = announcing;
        this.loop = announcing.loop();
        this.api = announcing.api();
        this.key = key;
        this.endpoint = endpoint;
        this.lease = lease;
        this.mayHoldTheKey = mayHoldTheKey;
        this.begun = loop.now();
        this.next = new Alarm(loop);
    }

    CompletableFuture<Void> start() {
        EtcdLoop.Timer limit = loop.after(
                announcing.withdrawTimeout(),
                () -> done.completeExceptionally(new EtcdException(
                        EtcdException.Kind.UNREACHABLE,
                        "no answer within " + announcing.withdrawTimeout().toMillis() + " ms")));
        var unused = done.whenComplete((nothing, failure) -> limit.cancel());
        if (mayHoldTheKey) {
            look();
        } else {
            revoke();
        }
        return done;
    }

    private void look() {
        if (!done.isDone()) {
            loop.when(() -> api.get(key), this::delete, failure -> retry(failure, this::look));
        }
    }

    private void delete(@Nullable KeyValue found) {
        if (found == null || !isOurs(found)) {
            revoke();
            return;
        }
        loop.when(
                () -> api.deleteIfUnchanged(key, found.modRevision()),
                deleted -> {
                    if (deleted) {
                        revoke();
                    } else {
                        look();
                    }
                },
                failure -> retry(failure, this::look));
    }

    private boolean isOurs(KeyValue found) {
        return found.lease() == lease
                || found.lease() == 0
                || FoundRecord.isOfSameProcess(found, endpoint, announcing.codec());
    }

    private void revoke() {
        if (lease == 0) {
            done.complete(null);
            return;
        }
        loop.when(() -> api.revoke(lease), revoked -> done.complete(null), failure -> {
            if (failure.kind() == EtcdException.Kind.LEASE_GONE) {
                done.complete(null);
            } else {
                retry(failure, this::revoke);
            }
        });
    }

    private void retry(EtcdException failure, Runnable step) {
        if (failure.needsAPerson() || loop.since(begun).plus(PAUSE).compareTo(announcing.withdrawTimeout()) >= 0) {
            done.completeExceptionally(failure);
        } else if (!done.isDone()) {
            next.set(PAUSE, step);
        }
    }
}
