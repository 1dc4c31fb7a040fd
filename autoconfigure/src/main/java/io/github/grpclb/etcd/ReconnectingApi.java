package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client that is replaced when it makes no progress: after an outage a channel may wait up to 120 s before it dials
 * again, and a connection that lost its way looks alive. While etcd is away every call dials at once (the loops'
 * back-off paces it), and after 5 s without any answer the client is replaced. For the loop's thread.
 */
final class ReconnectingApi implements EtcdApi {

    private static final Logger log = LoggerFactory.getLogger(ReconnectingApi.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final double JITTER = 0.2;

    private final EtcdLoop loop;
    private final Supplier<? extends EtcdClient> factory;
    private final Reachability reachability;
    private final Refusals refusals;

    private @Nullable EtcdClient client;
    private boolean closed;
    private Duration patience = PATIENCE;
    private long builtAt;
    private long progressAt;

    ReconnectingApi(EtcdLoop loop, Supplier<? extends EtcdClient> factory, String endpoints) {
        this.loop = loop;
        this.factory = factory;
        this.reachability = new Reachability(loop, endpoints);
        this.refusals = new Refusals(loop);
    }

    /** Thread-safe. */
    @Nullable
    String unreachableBecause() {
        return reachability.cause();
    }

    /** Thread-safe. */
    @Nullable
    Duration sinceAnswer() {
        return reachability.sinceAnswer();
    }

    /** Returns what etcd refuses to this user, or null. Thread-safe. */
    @Nullable
    String refusedBecause() {
        return refusals.because();
    }

    /** Reads a key, where it does not matter whether this user may. */
    CompletableFuture<@Nullable KeyValue> probe(String key) {
        return call(null, etcd -> etcd.get(key));
    }

    /** Goes over to a new client at once; where none can be built, the one in use stays. */
    void reconnect() {
        EtcdClient old = client;
        if (closed || old == null) {
            return;
        }
        try {
            client = null;
            current();
            loop.execute(old::close);
            log.info("connecting to etcd anew");
        } catch (EtcdException e) {
            client = old;
            log.warn("the connection to etcd stays as it was: {}", e.getMessage());
        }
    }

    void close() {
        closed = true;
        EtcdClient last = client;
        client = null;
        if (last != null) {
            last.close();
        }
    }

    @Override
    public CompletableFuture<Lease> grant(Duration ttl) {
        return call("a lease", etcd -> etcd.grant(ttl));
    }

    @Override
    public CompletableFuture<Lease> renew(long lease, Duration timeout) {
        return call("a renewal", etcd -> etcd.renew(lease, timeout));
    }

    @Override
    public CompletableFuture<Void> revoke(long lease) {
        return call("a revocation", etcd -> etcd.revoke(lease));
    }

    @Override
    public CompletableFuture<TimeToLive> timeToLive(long lease) {
        return call("a lease's time", etcd -> etcd.timeToLive(lease));
    }

    @Override
    public CompletableFuture<TimeToLive> timeToLiveIfAllowed(long lease) {
        return call(null, etcd -> etcd.timeToLive(lease));
    }

    @Override
    public CompletableFuture<@Nullable KeyValue> get(String key) {
        return call("reading " + key, etcd -> etcd.get(key));
    }

    @Override
    public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
        return call("writing " + key, etcd -> etcd.putIfUnchanged(key, modRevision, value, lease));
    }

    @Override
    public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
        return call("deleting " + key, etcd -> etcd.deleteIfUnchanged(key, modRevision));
    }

    @Override
    public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
        return call("reading all of " + prefix, etcd -> etcd.list(prefix, from, limit, revision));
    }

    @Override
    public CompletableFuture<Page> listIfAllowed(String prefix, ByteString from, int limit, long revision) {
        return call(null, etcd -> etcd.list(prefix, from, limit, revision));
    }

    @Override
    public Watch watch(String prefix, long fromRevision, WatchListener listener) {
        EtcdClient etcd;
        try {
            etcd = current();
        } catch (EtcdException e) {
            EtcdException cause = refusals.noted("following " + prefix, e);
            loop.execute(() -> listener.onEnd(cause));
            return new EndedWatch();
        }
        WatchListener observed = new WatchListener() {
            @Override
            public void onCreated(long revision) {
                progress();
                refusals.lifted("following " + prefix);
                listener.onCreated(revision);
            }

            @Override
            public void onEvents(long revision, List<Event> events) {
                progress();
                listener.onEvents(revision, events);
            }

            @Override
            public void onProgress(long revision) {
                progress();
                listener.onProgress(revision);
            }

            @Override
            public void onEnd(EtcdException end) {
                EtcdException cause = refusals.noted("following " + prefix, end);
                outcome(etcd, cause);
                listener.onEnd(cause);
            }
        };
        return etcd.watch(prefix, fromRevision, observed);
    }

    /** Makes a call; {@code what} it is for stands in a refusal, null where none matters. */
    private <T extends @Nullable Object> CompletableFuture<T> call(
            @Nullable String what, Function<EtcdApi, CompletableFuture<T>> method) {
        EtcdClient etcd;
        try {
            etcd = current();
        } catch (EtcdException e) {
            EtcdException cause = refusals.noted(what, e);
            CompletableFuture<T> failed = new CompletableFuture<>();
            loop.execute(() -> failed.completeExceptionally(cause));
            return failed;
        }
        if (reachability.cause() != null) {
            etcd.reconnectNow();
        }
        return method.apply(etcd).handle((result, failure) -> {
            if (failure == null) {
                progress();
                refusals.lifted(what);
                return result;
            }
            EtcdException cause = refusals.noted(what, EtcdException.of(failure));
            outcome(etcd, cause);
            throw cause;
        });
    }

    private EtcdClient current() {
        if (closed) {
            throw new EtcdException(EtcdException.Kind.UNREACHABLE, "the connection to etcd is closed");
        }
        EtcdClient existing = client;
        if (existing != null) {
            return existing;
        }
        EtcdClient built = factory.get();
        client = built;
        builtAt = loop.now();
        progressAt = builtAt;
        return built;
    }

    private void outcome(EtcdClient etcd, EtcdException failure) {
        if (etcd != client) {
            return; // it was closed, and that says nothing about etcd
        }
        if (failure.kind() != EtcdException.Kind.UNREACHABLE) {
            progress();
        } else {
            reachability.failed(failure);
            if (loop.since(progressAt).compareTo(patience) >= 0
                    && loop.since(builtAt).compareTo(patience) >= 0) {
                replace();
            }
        }
    }

    private void progress() {
        progressAt = loop.now();
        reachability.succeeded();
    }

    /** The new client is built at the next call, not in the midst of the end of the old one's calls. */
    private void replace() {
        EtcdClient old = client;
        client = null;
        patience = loop.jittered(PATIENCE, JITTER);
        if (old != null) {
            loop.execute(old::close);
        }
    }

    /** A watch that never began. */
    private record EndedWatch() implements Watch {

        @Override
        public void requestProgress() {}

        @Override
        public void close() {}
    }
}
