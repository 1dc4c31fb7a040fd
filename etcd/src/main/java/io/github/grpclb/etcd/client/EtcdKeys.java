package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;
import java.util.concurrent.CompletableFuture;

/** How the keys below a prefix are read, followed and written. The rules of {@link EtcdApi} hold for it. */
@Internal
public interface EtcdKeys {

    /**
     * Reads a page of all keys that begin with a prefix.
     *
     * @param from where the page before said that it goes on; empty for the first page
     * @param revision the revision to read at; 0 for the newest
     */
    CompletableFuture<EtcdApi.Page> list(String prefix, ByteString from, int limit, long revision);

    /** Follows all changes of keys that begin with a prefix. Requires that the cluster has a leader. */
    EtcdApi.Watch watch(String prefix, long fromRevision, EtcdApi.WatchListener listener);

    /**
     * Puts a value under a lease if no key that begins with a prefix was put after a revision.
     *
     * @param key begins with that prefix
     * @return completes with the revision at which it was put; 0 when it was not
     */
    CompletableFuture<Long> putIfNoneNewer(String key, ByteString value, long lease, String prefix, long revision);

    /** Deletes a key if it is still as it was seen; completes with whether it was deleted. */
    CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision);
}
