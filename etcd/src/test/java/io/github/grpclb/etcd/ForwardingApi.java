package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Passes everything on; what is overridden is what it gets wrong. */
public class ForwardingApi implements EtcdApi {

    public final EtcdApi to;

    public ForwardingApi(EtcdApi to) {
        this.to = to;
    }

    /** Passes everything on, too. */
    public static class ForwardingListener implements WatchListener {

        public final WatchListener to;

        public ForwardingListener(WatchListener to) {
            this.to = to;
        }

        @Override
        public void onCreated(long revision) {
            to.onCreated(revision);
        }

        @Override
        public void onEvents(long revision, List<Event> events) {
            to.onEvents(revision, events);
        }

        @Override
        public void onProgress(long revision) {
            to.onProgress(revision);
        }

        @Override
        public void onEnd(EtcdException cause) {
            to.onEnd(cause);
        }
    }

    @Override
    public CompletableFuture<Lease> grant(Duration ttl) {
        return to.grant(ttl);
    }

    @Override
    public CompletableFuture<Lease> renew(long lease, Duration timeout) {
        return to.renew(lease, timeout);
    }

    @Override
    public CompletableFuture<Void> revoke(long lease) {
        return to.revoke(lease);
    }

    @Override
    public CompletableFuture<TimeToLive> timeToLive(long lease) {
        return to.timeToLive(lease);
    }

    @Override
    public CompletableFuture<KeyValue> get(String key) {
        return to.get(key);
    }

    @Override
    public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
        return to.putIfUnchanged(key, modRevision, value, lease);
    }

    @Override
    public CompletableFuture<Long> putIfNoneNewer(
            String key, ByteString value, long lease, String prefix, long revision) {
        return to.putIfNoneNewer(key, value, lease, prefix, revision);
    }

    @Override
    public CompletableFuture<List<String>> keysOf(long lease) {
        return to.keysOf(lease);
    }

    @Override
    public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
        return to.deleteIfUnchanged(key, modRevision);
    }

    @Override
    public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
        return to.list(prefix, from, limit, revision);
    }

    @Override
    public Watch watch(String prefix, long fromRevision, WatchListener listener) {
        return to.watch(prefix, fromRevision, listener);
    }
}
