package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.etcd.record.KeyValue;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** How the keys below a prefix are read, followed and written. The rules of {@code EtcdApi} hold for it. */
@Internal
public interface EtcdKeys {

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

    /**
     * Reads a page of all keys that begin with a prefix.
     *
     * @param from where the page before said that it goes on; empty for the first page
     * @param revision the revision to read at; 0 for the newest
     */
    CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision);

    /** Follows all changes of keys that begin with a prefix. Requires that the cluster has a leader. */
    Watch watch(String prefix, long fromRevision, WatchListener listener);

    /**
     * Puts a value under a lease if no key that begins with a prefix was put after a revision.
     *
     * @param key begins with that prefix
     * @return completes with the revision at which it was put; 0 when it was not
     */
    CompletableFuture<Long> putIfNoneNewer(String key, ByteString value, long lease, String prefix, long revision);

    /** Deletes a key if it is still as it was seen; completes with whether it was deleted. */
    CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision);

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
