package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.etcd.record.KeyValue;
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
 * back-off paces it), and after 5 s without any answer the client is replaced. What the factory or a client throws, an
 * {@code Error} for want of threads included, is a failure that arrives like any other. For the loop's thread.
 */
@Internal
public final class ReconnectingApi implements EtcdApi {

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

    public ReconnectingApi(EtcdLoop loop, Supplier<? extends EtcdClient> factory, String endpoints) {
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
        EtcdClient built;
        try {
            built = factory.get();
        } catch (RuntimeException | Error e) {
            log.warn(
                    "the connection to etcd stays as it was: {}", loop.caught(e).getMessage());
            return;
        }
        use(built);
        loop.execute(old::close);
        log.info("connecting to etcd anew");
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
    public CompletableFuture<List<String>> keysOf(long lease) {
        return call(null, etcd -> etcd.keysOf(lease));
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
    public CompletableFuture<Long> putIfNoneNewer(
            String key, ByteString value, long lease, String prefix, long revision) {
        return call("writing " + key, etcd -> etcd.putIfNoneNewer(key, value, lease, prefix, revision));
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
    public Watch watch(String prefix, long fromRevision, WatchListener listener) {
        return watch("following " + prefix, prefix, fromRevision, listener);
    }

    @Override
    public CompletableFuture<Page> listKeysIfAllowed(String prefix, ByteString from, int limit, long revision) {
        return call(null, etcd -> etcd.listKeysIfAllowed(prefix, from, limit, revision));
    }

    @Override
    public EtcdKeys ifAllowed() {
        return new EtcdKeys() {
            @Override
            public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long revision) {
                return call(null, etcd -> etcd.list(prefix, from, limit, revision));
            }

            @Override
            public Watch watch(String prefix, long fromRevision, WatchListener listener) {
                return ReconnectingApi.this.watch(null, prefix, fromRevision, listener);
            }

            @Override
            public CompletableFuture<Long> putIfNoneNewer(
                    String key, ByteString value, long lease, String prefix, long revision) {
                return call(null, etcd -> etcd.putIfNoneNewer(key, value, lease, prefix, revision));
            }

            @Override
            public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
                return call(null, etcd -> etcd.deleteIfUnchanged(key, modRevision));
            }
        };
    }

    private Watch watch(@Nullable String what, String prefix, long fromRevision, WatchListener listener) {
        EtcdClient etcd = null;
        try {
            etcd = current();
            return etcd.watch(prefix, fromRevision, new ObservedListener(what, etcd, listener));
        } catch (RuntimeException | Error e) {
            EtcdException cause = thrown(what, etcd, e);
            EndedWatch ended = new EndedWatch();
            loop.execute(() -> {
                if (!ended.closed) {
                    listener.onEnd(cause);
                }
            });
            return ended;
        }
    }

    /** Makes a call; {@code what} it is for stands in a refusal, null where none matters. */
    private <T extends @Nullable Object> CompletableFuture<T> call(
            @Nullable String what, Function<EtcdApi, CompletableFuture<T>> method) {
        EtcdClient used = null;
        try {
            EtcdClient etcd = current();
            used = etcd;
            if (reachability.cause() != null) {
                etcd.reconnectNow();
            }
            return method.apply(etcd).handle((result, failure) -> {
                if (failure == null) {
                    progress();
                    refusals.lifted(what);
                    return result;
                }
                EtcdException cause = refusals.noted(what, loop.caught(failure));
                outcome(etcd, cause);
                throw cause;
            });
        } catch (RuntimeException | Error e) {
            EtcdException cause = thrown(what, used, e);
            CompletableFuture<T> failed = new CompletableFuture<>();
            loop.execute(() -> failed.completeExceptionally(cause));
            return failed;
        }
    }

    /**
     * Returns what was thrown instead of a call being made as the failure that the call ends with, later, like any other.
     *
     * @param etcd the client that threw it; null where there was none
     */
    private EtcdException thrown(@Nullable String what, @Nullable EtcdClient etcd, Throwable thrown) {
        EtcdException cause = refusals.noted(what, loop.caught(thrown));
        if (etcd != null) {
            outcome(etcd, cause);
        } else if (!closed && cause.kind() == EtcdException.Kind.INTERNAL) {
            reachability.failed(cause);
        }
        return cause;
    }

    private EtcdClient current() {
        if (closed) {
            throw new EtcdException(EtcdException.Kind.UNREACHABLE, "the connection to etcd is closed");
        }
        EtcdClient existing = client;
        return existing != null ? existing : use(factory.get());
    }

    private EtcdClient use(EtcdClient built) {
        client = built;
        builtAt = loop.now();
        progressAt = builtAt;
        return built;
    }

    private void outcome(EtcdClient etcd, EtcdException failure) {
        if (etcd != client) {
            return; // it was closed, and that says nothing about etcd
        }
        if (failure.isAnswer()) {
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

    /** Sees from what a watch hears how the client does. Nothing that goes wrong with that keeps the watch from hearing it. */
    private final class ObservedListener implements WatchListener {

        private final @Nullable String what;
        private final EtcdClient etcd;
        private final WatchListener listener;

        ObservedListener(@Nullable String what, EtcdClient etcd, WatchListener listener) {
            this.what = what;
            this.etcd = etcd;
            this.listener = listener;
        }

        @Override
        public void onCreated(long revision) {
            loop.guard(() -> {
                progress();
                refusals.lifted(what);
            });
            listener.onCreated(revision);
        }

        @Override
        public void onEvents(long revision, List<Event> events) {
            loop.guard(ReconnectingApi.this::progress);
            listener.onEvents(revision, events);
        }

        @Override
        public void onProgress(long revision) {
            loop.guard(ReconnectingApi.this::progress);
            listener.onProgress(revision);
        }

        @Override
        public void onEnd(EtcdException end) {
            EtcdException cause = refusals.noted(what, end);
            loop.guard(() -> outcome(etcd, loop.caught(cause)));
            listener.onEnd(cause);
        }
    }

    /** A watch that never began. */
    private static final class EndedWatch implements Watch {

        private boolean closed;

        @Override
        public void requestProgress() {}

        @Override
        public void close() {
            closed = true;
        }
    }
}
