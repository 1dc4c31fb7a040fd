package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.etcd.record.KeyValue;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the loops need of etcd. Called on the loop's thread; completes futures and calls listeners there, and never
 * before the call has returned. Listeners throw nothing. Every future completes within the call's time limit, a failed one with an {@link
 * EtcdException}.
 */
@Internal
public interface EtcdApi extends EtcdKeys {

    /**
     * A lease as it was granted or renewed.
     *
     * @param ttl what etcd gave, which may be more than what was asked
     */
    record Lease(long id, Duration ttl) {}

    /**
     * How long a lease has left.
     *
     * @param remaining negative when there is no such lease
     * @param granted the time that it was granted for
     */
    record TimeToLive(Duration remaining, Duration granted) {}

    CompletableFuture<Lease> grant(Duration ttl);

    /** Renews a lease once; fails with {@link EtcdException.Kind#LEASE_GONE} when etcd does not have it. */
    CompletableFuture<Lease> renew(long lease, Duration timeout);

    CompletableFuture<Void> revoke(long lease);

    CompletableFuture<TimeToLive> timeToLive(long lease);

    /** Asks the same where it does not matter whether this user may. */
    default CompletableFuture<TimeToLive> timeToLiveIfAllowed(long lease) {
        return timeToLive(lease);
    }

    /** Returns the keys that go with a lease; none when there is no such lease. */
    CompletableFuture<List<String>> keysOf(long lease);

    CompletableFuture<@Nullable KeyValue> get(String key);

    /**
     * Puts a value under a lease if the key is still as it was seen.
     *
     * @param modRevision the revision of its last change, 0 when there was no such key
     * @return completes with whether it was put
     */
    CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease);

    /** Returns the same where it does not matter whether this user may: a refusal is not the trouble of this process. */
    default EtcdKeys ifAllowed() {
        return this;
    }

    /**
     * Reads the keys alone of a page; the values are empty. It does not matter whether this user may.
     *
     * @see #list
     */
    default CompletableFuture<EtcdKeys.Page> listKeysIfAllowed(
            String prefix, ByteString from, int limit, long revision) {
        return ifAllowed().list(prefix, from, limit, revision);
    }
}
