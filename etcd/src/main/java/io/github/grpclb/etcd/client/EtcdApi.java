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

    /**
     * A page of a list: the records in the order of their keys, and the revision at which they were read. A key that is
     * no text is none of ours, and no record.
     *
     * @param next the key from which on the next page is to be read, as it is in etcd; null when there is none
     */
    record Page(
            long revision, List<KeyValue> records, @Nullable ByteString next) {}

    /** One change. Of a deletion only the key and the revision are known. */
    record Event(KeyValue record, boolean deleted) {}

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
    default CompletableFuture<Page> listKeysIfAllowed(String prefix, ByteString from, int limit, long revision) {
        return ifAllowed().list(prefix, from, limit, revision);
    }

    /** A running watch. */
    interface Watch {

        /** Asks for a sign of life: {@link WatchListener#onProgress}, with a revision not older than this request. */
        void requestProgress();

        /** Ends it without a further call of the listener. Idempotent. */
        void close();
    }

    /** Hears of a watch. */
    interface WatchListener {

        /** The watch stands; {@code revision} is etcd's at this time. */
        void onCreated(long revision);

        /** Changes, all up to and including {@code revision}. */
        void onEvents(long revision, List<Event> events);

        /** etcd is alive, and was at {@code revision}. Events of later ones may have come before, and of earlier ones may follow. */
        void onProgress(long revision);

        /** It ended, for whatever cause; nothing is called after this. */
        void onEnd(EtcdException cause);
    }
}
