package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * An etcd in virtual time: revisions, leases that run out, watches with their history, and the faults that a real one has. Each
 * {@link #client()} is a process's way to it. An answer takes {@link #LATENCY}.
 */
final class FakeEtcd {

    static final Duration LATENCY = Duration.ofMillis(1);
    static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);

    /** How etcd is. */
    enum Health {
        /** Answers. */
        UP,
        /** Refuses connections; leases do not run out meanwhile, as a leader extends them when it starts. */
        DOWN,
        /** Does not answer; time goes on for the leases. */
        PAUSED
    }

    private static final class Lease {
        final Duration ttl;
        long expiresAt;

        Lease(Duration ttl) {
            this.ttl = ttl;
        }
    }

    private final VirtualScheduler scheduler;
    private final List<FakeWatch> watches = new ArrayList<>();
    private TreeMap<String, KeyValue> records = new TreeMap<>();
    private Map<Long, Lease> leases = new HashMap<>();
    private List<EtcdApi.Event> history = new ArrayList<>();
    private Health health = Health.UP;
    private EtcdException refusal;
    private boolean answersLost;
    private boolean watchesMute;
    private long compacted;
    private long revision = 1;
    private long nextLease = 0x1000;
    private int calls;
    private int grants;
    private int lists;

    FakeEtcd(VirtualScheduler scheduler) {
        this.scheduler = scheduler;
    }

    FakeClient client() {
        return new FakeClient();
    }

    // what a test does to it

    void health(Health to) {
        if (health == Health.DOWN && to == Health.UP) {
            leases.keySet().forEach(this::renewNow);
        }
        health = to;
        if (to == Health.DOWN) {
            endWatches(unreachable());
        }
        expireLeases();
    }

    /** From now on every call is refused so; null to end it. */
    void refuse(EtcdException.Kind kind) {
        refusal = kind == null ? null : new EtcdException(kind, "refused: " + kind);
    }

    /** From now on calls are done, but their answers do not arrive. */
    void loseAnswers(boolean lost) {
        answersLost = lost;
    }

    /** From now on watches say nothing, and do not end either. */
    void muteWatches(boolean mute) {
        watchesMute = mute;
    }

    void endWatches(EtcdException cause) {
        List.copyOf(watches).forEach(watch -> watch.end(cause));
    }

    /** Loses everything, also the revision. */
    void wipe() {
        records = new TreeMap<>();
        leases = new HashMap<>();
        history = new ArrayList<>();
        revision = 1;
        compacted = 0;
    }

    void compact() {
        compacted = revision;
        history.clear();
    }

    void put(String key, String value) {
        put(key, ByteString.copyFromUtf8(value), 0);
    }

    void put(String key, ByteString value, long lease) {
        revision++;
        KeyValue old = records.get(key);
        KeyValue record = new KeyValue(key, value, old == null ? revision : old.createRevision(), revision, lease);
        records.put(key, record);
        happened(List.of(new EtcdApi.Event(record, false)));
    }

    void delete(String key) {
        deleteAll(List.of(key));
    }

    long grantNow(Duration ttl) {
        long id = nextLease++;
        Lease lease = new Lease(ttl);
        leases.put(id, lease);
        renewNow(id);
        return id;
    }

    void renewNow(long id) {
        Lease lease = leases.get(id);
        lease.expiresAt = scheduler.nanos() + lease.ttl.toNanos();
        scheduler.schedule(this::expireLeases, lease.ttl.toNanos(), TimeUnit.NANOSECONDS);
    }

    void revokeNow(long id) {
        if (leases.remove(id) != null) {
            deleteAll(records.values().stream()
                    .filter(record -> record.lease() == id)
                    .map(KeyValue::key)
                    .toList());
        }
    }

    // what a test sees of it

    KeyValue record(String key) {
        return records.get(key);
    }

    String value(String key) {
        KeyValue record = records.get(key);
        return record == null ? null : record.value().toStringUtf8();
    }

    List<Long> leases() {
        return List.copyOf(leases.keySet());
    }

    List<String> keys() {
        return List.copyOf(records.keySet());
    }

    int leaseCount() {
        return leases.size();
    }

    int watchCount() {
        return watches.size();
    }

    int calls() {
        return calls;
    }

    int grants() {
        return grants;
    }

    int lists() {
        return lists;
    }

    long revision() {
        return revision;
    }

    private void deleteAll(List<String> keys) {
        List<String> present = keys.stream().filter(records::containsKey).toList();
        if (present.isEmpty()) {
            return;
        }
        revision++;
        List<EtcdApi.Event> events = new ArrayList<>();
        for (String key : present) {
            records.remove(key);
            events.add(new EtcdApi.Event(new KeyValue(key, ByteString.EMPTY, 0, revision, 0), true));
        }
        happened(events);
    }

    private void happened(List<EtcdApi.Event> events) {
        history.addAll(events);
        List.copyOf(watches).forEach(watch -> watch.tell(revision, events));
    }

    private void expireLeases() {
        if (health == Health.UP) {
            List<Long> expired = leases.entrySet().stream()
                    .filter(entry -> entry.getValue().expiresAt <= scheduler.nanos())
                    .map(Map.Entry::getKey)
                    .toList();
            expired.forEach(this::revokeNow);
        }
    }

    private static EtcdException unreachable() {
        return new EtcdException(EtcdException.Kind.UNREACHABLE, "etcd unreachable: connection refused");
    }

    private static EtcdException timeout() {
        return new EtcdException(EtcdException.Kind.UNREACHABLE, "etcd unreachable: no answer in time");
    }

    private void later(Duration delay, Runnable task) {
        scheduler.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** A process's client. */
    final class FakeClient implements EtcdClient {

        private boolean cut;
        private boolean closed;

        /** Cuts this process off from etcd, or joins it again. */
        void cut(boolean off) {
            cut = off;
            if (off) {
                List.copyOf(watches).stream()
                        .filter(watch -> watch.client == this)
                        .forEach(watch -> watch.end(unreachable()));
            }
        }

        boolean isClosed() {
            return closed;
        }

        @Override
        public void reconnectNow() {}

        @Override
        public void close() {
            closed = true;
            List.copyOf(watches).stream()
                    .filter(watch -> watch.client == this)
                    .forEach(watch -> watch.end(unreachable()));
        }

        @Override
        public CompletableFuture<Lease> grant(Duration ttl) {
            return call(CALL_TIMEOUT, () -> {
                grants++;
                Duration granted = ttl.compareTo(Duration.ofSeconds(2)) < 0 ? Duration.ofSeconds(2) : ttl;
                return new Lease(grantNow(granted), granted);
            });
        }

        @Override
        public CompletableFuture<Lease> renew(long lease, Duration timeout) {
            return call(timeout, () -> {
                mustExist(lease);
                renewNow(lease);
                return new Lease(lease, leases.get(lease).ttl);
            });
        }

        @Override
        public CompletableFuture<Void> revoke(long lease) {
            return call(CALL_TIMEOUT, () -> {
                mustExist(lease);
                revokeNow(lease);
                return null;
            });
        }

        @Override
        public CompletableFuture<TimeToLive> timeToLive(long lease) {
            return call(CALL_TIMEOUT, () -> {
                FakeEtcd.Lease found = leases.get(lease);
                if (found == null) {
                    return new TimeToLive(Duration.ofSeconds(-1), Duration.ZERO);
                }
                long seconds = TimeUnit.NANOSECONDS.toSeconds(found.expiresAt - scheduler.nanos());
                return new TimeToLive(Duration.ofSeconds(seconds), found.ttl);
            });
        }

        @Override
        public CompletableFuture<KeyValue> get(String key) {
            return call(CALL_TIMEOUT, () -> records.get(key));
        }

        @Override
        public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
            return call(CALL_TIMEOUT, () -> {
                mustExist(lease);
                if (modRevision(key) != modRevision) {
                    return false;
                }
                put(key, value, lease);
                return true;
            });
        }

        @Override
        public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
            return call(CALL_TIMEOUT, () -> {
                if (modRevision(key) != modRevision) {
                    return false;
                }
                delete(key);
                return true;
            });
        }

        @Override
        public CompletableFuture<Page> list(String prefix, String after, int limit, long at) {
            return call(CALL_TIMEOUT, () -> {
                lists++;
                List<KeyValue> all =
                        records.tailMap(after.isEmpty() ? prefix : after, after.isEmpty()).values().stream()
                                .filter(record -> record.key().startsWith(prefix))
                                .toList();
                return new Page(revision, all.subList(0, Math.min(limit, all.size())), all.size() > limit);
            });
        }

        @Override
        public Watch watch(String prefix, long fromRevision, WatchListener listener) {
            FakeWatch watch = new FakeWatch(this, prefix, fromRevision, listener);
            watches.add(watch);
            later(LATENCY, watch::open);
            return watch;
        }

        private boolean isCut() {
            return cut || closed;
        }

        private void mustExist(long lease) {
            if (!leases.containsKey(lease)) {
                throw new EtcdException(EtcdException.Kind.LEASE_GONE, "requested lease not found");
            }
        }

        private long modRevision(String key) {
            KeyValue record = records.get(key);
            return record == null ? 0 : record.modRevision();
        }

        private <T> CompletableFuture<T> call(Duration timeout, Supplier<T> operation) {
            CompletableFuture<T> future = new CompletableFuture<>();
            calls++;
            later(LATENCY, () -> {
                if (health == Health.PAUSED) {
                    later(timeout, () -> future.completeExceptionally(timeout()));
                } else if (health == Health.DOWN || isCut()) {
                    future.completeExceptionally(unreachable());
                } else if (refusal != null) {
                    future.completeExceptionally(refusal);
                } else {
                    answer(future, timeout, operation);
                }
            });
            return future;
        }

        private <T> void answer(CompletableFuture<T> future, Duration timeout, Supplier<T> operation) {
            try {
                T result = operation.get();
                if (answersLost) {
                    later(timeout, () -> future.completeExceptionally(timeout()));
                } else {
                    future.complete(result);
                }
            } catch (EtcdException e) {
                future.completeExceptionally(e);
            }
        }
    }

    private final class FakeWatch implements EtcdApi.Watch {

        private final FakeClient client;
        private final String prefix;
        private final long from;
        private final EtcdApi.WatchListener listener;
        private boolean open;

        FakeWatch(FakeClient client, String prefix, long from, EtcdApi.WatchListener listener) {
            this.client = client;
            this.prefix = prefix;
            this.from = from;
            this.listener = listener;
        }

        void open() {
            if (!watches.contains(this) || health == Health.PAUSED || watchesMute) {
                return;
            }
            if (health == Health.DOWN || client.isCut()) {
                end(unreachable());
            } else if (refusal != null) {
                end(refusal);
            } else if (from <= compacted) {
                end(new EtcdException(EtcdException.Kind.COMPACTED, "compacted"));
            } else {
                open = true;
                listener.onCreated(revision);
                List<EtcdApi.Event> missed = history.stream()
                        .filter(event -> event.record().modRevision() >= from)
                        .toList();
                tell(revision, missed);
            }
        }

        void tell(long at, List<EtcdApi.Event> events) {
            List<EtcdApi.Event> mine = events.stream()
                    .filter(event -> event.record().key().startsWith(prefix)
                            && event.record().modRevision() >= from)
                    .toList();
            if (open && !mine.isEmpty()) {
                later(LATENCY, () -> {
                    if (watches.contains(this) && !watchesMute && health == Health.UP) {
                        listener.onEvents(at, mine);
                    }
                });
            }
        }

        void end(EtcdException cause) {
            if (watches.remove(this)) {
                later(LATENCY, () -> listener.onEnd(cause));
            }
        }

        @Override
        public void requestProgress() {
            later(LATENCY, () -> {
                if (watches.contains(this) && !watchesMute && health == Health.UP) {
                    listener.onProgress(revision);
                }
            });
        }

        @Override
        public void close() {
            watches.remove(this);
        }
    }
}
