package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdClient;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.FakeClock;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * An etcd in virtual time: revisions, leases that run out, watches with their history, and the faults that a real one has. Each
 * {@link #client} is a process's way to it. An answer takes {@link #LATENCY}, unless it is slow.
 */
public final class FakeEtcd {

    public static final Duration LATENCY = Duration.ofMillis(1);
    public static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);

    /** How etcd is. */
    public enum Health {
        /** Answers. */
        UP,
        /** Refuses connections; leases do not run out meanwhile, as a leader extends them when it starts. */
        DOWN,
        /** Does not answer; time goes on for the leases. */
        PAUSED
    }

    private final FakeClock scheduler;
    private final Random random;
    private final FakeStore store;
    private final List<FakeWatch> watches = new ArrayList<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private final List<FakeClient> clients = new ArrayList<>();
    private final Set<FakeClient> tokenless = new HashSet<>();
    private Health health = Health.UP;
    private EtcdException refusal;
    private EtcdException writeRefusal;
    private Duration slowest = LATENCY;
    private boolean answersLost;
    private boolean grantsLost;
    private boolean watchesMute;
    private boolean compactsBeforeNextWatch;
    private int largestPage = Integer.MAX_VALUE;
    private int deaths;
    private int calls;
    private int grants;
    private int lists;

    public FakeEtcd(FakeClock scheduler) {
        this(scheduler, new Random(0));
    }

    public FakeEtcd(FakeClock scheduler, Random random) {
        this.scheduler = scheduler;
        this.random = random;
        this.store = new FakeStore(scheduler::nanoTime, (revision, events) -> List.copyOf(watches)
                .forEach(watch -> watch.tell(revision, events)));
    }

    public FakeClient client() {
        return client(scheduler);
    }

    /** Returns a client whose answers arrive on a process's scheduler. */
    public FakeClient client(FakeClock process) {
        FakeClient client = new FakeClient(process);
        clients.add(client);
        return client;
    }

    // what a test does to it

    public void health(Health to) {
        boolean started = health == Health.DOWN && to == Health.UP;
        health = to;
        if (started) {
            store.leases().keySet().forEach(this::renewNow);
        }
        if (to == Health.DOWN) {
            deaths++;
            waiting.clear();
            endWatches(unreachable());
        } else if (to == Health.UP) {
            expireLeases();
            List<Runnable> arrived = List.copyOf(waiting);
            waiting.clear();
            arrived.forEach(Runnable::run);
        }
    }

    public Health health() {
        return health;
    }

    /** From now on every call is refused so; null to end it. */
    public void refuse(EtcdException.Kind kind) {
        refuseWith(kind == null ? null : new EtcdException(kind, "refused: " + kind));
    }

    public void refuseWith(EtcdException answer) {
        refusal = answer;
    }

    /** From now on there is no space: grants and puts are refused, all else goes on. */
    public void noSpace(boolean full) {
        writeRefusal = full
                ? new EtcdException(
                        EtcdException.Kind.NO_SPACE, "etcd has no space (alarm NOSPACE): mvcc: database space exceeded")
                : null;
    }

    /** From now on calls are done, but their answers do not arrive. */
    public void loseAnswers(boolean lost) {
        answersLost = lost;
    }

    /** From now on leases are granted, but nobody hears of it. */
    void loseGrants(boolean lost) {
        grantsLost = lost;
    }

    /** The watches that stand say nothing more and do not end, nor will those that are asked for until this is over. */
    public void muteWatches(boolean mute) {
        watchesMute = mute;
        watches.forEach(watch -> watch.deaf |= mute);
    }

    /** From now on requests and answers take up to so long each, in no order; only a watch's events stay in theirs. */
    void slow(Duration most) {
        slowest = most;
    }

    /** No client's token is valid any more: its next call fails for that. */
    void expireTokens() {
        tokenless.addAll(clients);
    }

    public void endWatches(EtcdException cause) {
        List.copyOf(watches).forEach(watch -> watch.end(cause));
    }

    /** Loses everything, also the revision. */
    public void wipe() {
        store.wipe();
    }

    public FakeStore.Backup backup() {
        return store.backup();
    }

    /** Has the data of an earlier time again, and its leases anew. */
    public void restore(FakeStore.Backup backup) {
        store.restore(backup);
        store.leases().keySet().forEach(this::renewNow);
    }

    public void compact() {
        store.compact();
    }

    /** From now on a page whose values have more bytes cannot be received. */
    public void largestPage(int bytes) {
        largestPage = bytes;
    }

    /** When a watch is next asked for, something has changed since the list, and was compacted away. */
    void compactBeforeNextWatch() {
        compactsBeforeNextWatch = true;
    }

    public void put(String key, String value) {
        store.put(key, ByteString.copyFromUtf8(value), 0);
    }

    public void put(String key, ByteString value, long lease) {
        store.put(key, value, lease);
    }

    public void delete(String key) {
        store.delete(List.of(key));
    }

    public long grantNow(Duration ttl) {
        long id = store.grant(ttl, this);
        renewNow(id);
        return id;
    }

    public void renewNow(long id) {
        store.renew(id);
        scheduler.schedule(this::expireLeases, store.leases().get(id).ttl.toNanos(), TimeUnit.NANOSECONDS);
    }

    public void revokeNow(long id) {
        store.revoke(id);
    }

    // what a test sees of it

    public FakeStore store() {
        return store;
    }

    public KeyValue record(String key) {
        return store.records().get(key);
    }

    public String value(String key) {
        KeyValue record = record(key);
        return record == null ? null : record.value().toStringUtf8();
    }

    public List<Long> leases() {
        return List.copyOf(store.leases().keySet());
    }

    public List<String> keys() {
        return List.copyOf(store.records().keySet());
    }

    public int leaseCount() {
        return store.leases().size();
    }

    public int watchCount() {
        return watches.size();
    }

    /** Returns how many watches the clients of a process have. */
    public long watchCount(FakeClock process) {
        return watches.stream().filter(watch -> watch.client.process == process).count();
    }

    public int calls() {
        return calls;
    }

    public int grants() {
        return grants;
    }

    public int lists() {
        return lists;
    }

    public long revision() {
        return store.revision();
    }

    private void expireLeases() {
        if (health == Health.UP) {
            store.expire();
        }
    }

    private static EtcdException unreachable() {
        return new EtcdException(EtcdException.Kind.UNREACHABLE, "etcd unreachable: connection refused");
    }

    private static EtcdException timeout() {
        return new EtcdException(
                EtcdException.Kind.UNREACHABLE,
                "etcd unreachable: no answer in time",
                Status.DEADLINE_EXCEEDED.asException());
    }

    private boolean isSlow() {
        return slowest.compareTo(LATENCY) > 0;
    }

    private long delay() {
        return isSlow() ? random.nextLong(LATENCY.toNanos(), slowest.toNanos()) : LATENCY.toNanos();
    }

    /** A process's client. */
    public final class FakeClient implements EtcdClient {

        private final FakeClock process;
        private boolean cut;
        private boolean closed;

        FakeClient(FakeClock process) {
            this.process = process;
        }

        /** Cuts this process off from etcd, or joins it again. */
        public void cut(boolean off) {
            cut = off;
            if (off) {
                endMine();
            }
        }

        public boolean isClosed() {
            return closed;
        }

        @Override
        public void reconnectNow() {}

        @Override
        public void close() {
            closed = true;
            clients.remove(this);
            endMine();
        }

        @Override
        public CompletableFuture<Lease> grant(Duration ttl) {
            return call(CALL_TIMEOUT, () -> {
                mayWrite();
                grants++;
                Duration granted = ttl.compareTo(Duration.ofSeconds(2)) < 0 ? Duration.ofSeconds(2) : ttl;
                long id = store.grant(granted, process);
                renewNow(id);
                return grantsLost ? null : new Lease(id, granted);
            });
        }

        @Override
        public CompletableFuture<Lease> renew(long lease, Duration timeout) {
            return call(timeout, () -> {
                mustExist(lease);
                renewNow(lease);
                return new Lease(lease, store.leases().get(lease).ttl);
            });
        }

        @Override
        public CompletableFuture<Void> revoke(long lease) {
            return call(CALL_TIMEOUT, () -> {
                mustExist(lease);
                store.revoke(lease);
                return null;
            });
        }

        @Override
        public CompletableFuture<TimeToLive> timeToLive(long lease) {
            return call(CALL_TIMEOUT, () -> {
                FakeStore.Lease found = store.leases().get(lease);
                if (found == null) {
                    return new TimeToLive(Duration.ofSeconds(-1), Duration.ZERO);
                }
                long seconds = TimeUnit.NANOSECONDS.toSeconds(found.expiresAt - scheduler.nanoTime());
                return new TimeToLive(Duration.ofSeconds(seconds), found.ttl);
            });
        }

        @Override
        public CompletableFuture<KeyValue> get(String key) {
            return call(CALL_TIMEOUT, () -> record(key));
        }

        @Override
        public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
            return call(CALL_TIMEOUT, () -> {
                mayWrite();
                mustExist(lease);
                if (modRevision(key) != modRevision) {
                    return false;
                }
                store.put(key, value, lease);
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
        public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long at) {
            return call(CALL_TIMEOUT, () -> {
                lists++;
                List<KeyValue> all =
                        store.records().tailMap(from.isEmpty() ? prefix : from.toStringUtf8()).values().stream()
                                .filter(record -> record.key().startsWith(prefix))
                                .toList();
                boolean more = all.size() > limit;
                List<KeyValue> page = more ? all.subList(0, limit) : all;
                if (page.stream().mapToLong(record -> record.value().size()).sum() > largestPage) {
                    throw EtcdException.of(Status.RESOURCE_EXHAUSTED
                            .withDescription("gRPC message exceeds maximum size " + largestPage)
                            .asException());
                }
                return new Page(
                        store.revision(),
                        page,
                        more ? ByteString.copyFromUtf8(all.get(limit).key()) : null);
            });
        }

        @Override
        public Watch watch(String prefix, long fromRevision, WatchListener listener) {
            FakeWatch watch = new FakeWatch(this, prefix, fromRevision, listener);
            watches.add(watch);
            scheduler.schedule(watch::open, delay(), TimeUnit.NANOSECONDS);
            return watch;
        }

        private void endMine() {
            List.copyOf(watches).stream()
                    .filter(watch -> watch.client == this)
                    .forEach(watch -> watch.end(unreachable()));
        }

        private boolean isCut() {
            return cut || closed;
        }

        private void mayWrite() {
            if (writeRefusal != null) {
                throw writeRefusal;
            }
        }

        private void mustExist(long lease) {
            if (!store.leases().containsKey(lease)) {
                throw new EtcdException(EtcdException.Kind.LEASE_GONE, "requested lease not found");
            }
        }

        private long modRevision(String key) {
            KeyValue record = record(key);
            return record == null ? 0 : record.modRevision();
        }

        private void inProcess(long delay, Runnable task) {
            try {
                process.schedule(task, delay, TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                // nobody is there to hear it
            }
        }

        private <T> CompletableFuture<T> call(Duration timeout, Supplier<T> operation) {
            CompletableFuture<T> future = new CompletableFuture<>();
            calls++;
            long limit = scheduler.nanoTime() + LATENCY.toNanos() + timeout.toNanos();
            if (isSlow()) {
                timeOut(future, limit);
            }
            scheduler.schedule(() -> arrived(future, limit, operation), delay(), TimeUnit.NANOSECONDS);
            return future;
        }

        private <T> void arrived(CompletableFuture<T> future, long limit, Supplier<T> operation) {
            if (health == Health.PAUSED) {
                timeOut(future, limit);
                if (random.nextBoolean()) {
                    waiting.add(() -> arrived(future, limit, operation)); // it lies in the socket's buffer
                }
            } else if (health == Health.DOWN || isCut()) {
                answer(0, () -> future.completeExceptionally(unreachable()));
            } else if (tokenless.remove(this)) {
                EtcdException invalid = new EtcdException(EtcdException.Kind.TOKEN, "etcd: invalid auth token");
                answer(0, () -> future.completeExceptionally(invalid));
            } else if (refusal != null) {
                EtcdException refused = refusal;
                answer(0, () -> future.completeExceptionally(refused));
            } else {
                perform(future, limit, operation);
            }
        }

        private <T> void perform(CompletableFuture<T> future, long limit, Supplier<T> operation) {
            long delay = isSlow() ? delay() : 0;
            int before = deaths;
            try {
                T result = operation.get();
                if (answersLost || result == null && grantsLost) {
                    timeOut(future, limit);
                } else {
                    answer(delay, () -> {
                        if (deaths == before) {
                            future.complete(result);
                        } else { // the connection that it was on is gone
                            future.completeExceptionally(unreachable());
                        }
                    });
                }
            } catch (EtcdException e) {
                answer(delay, () -> future.completeExceptionally(e));
            }
        }

        /** Lets an answer arrive: at once where nothing can come between, as that spares a task. */
        private void answer(long delay, Runnable answer) {
            if (delay == 0 && process == scheduler) {
                answer.run();
            } else {
                inProcess(delay, answer);
            }
        }

        private void timeOut(CompletableFuture<?> future, long limit) {
            inProcess(Math.max(0, limit - scheduler.nanoTime()), () -> future.completeExceptionally(timeout()));
        }
    }

    private final class FakeWatch implements EtcdApi.Watch {

        private final FakeClient client;
        private final String prefix;
        private final long from;
        private final EtcdApi.WatchListener listener;
        private boolean open;
        private boolean deaf = watchesMute;
        private boolean closed;
        private long lastArrival;

        FakeWatch(FakeClient client, String prefix, long from, EtcdApi.WatchListener listener) {
            this.client = client;
            this.prefix = prefix;
            this.from = from;
            this.listener = listener;
        }

        void open() {
            if (!watches.contains(this)) {
                return;
            }
            if (health == Health.PAUSED) {
                waiting.add(this::open);
            } else if (health == Health.DOWN || client.isCut()) {
                end(unreachable());
            } else if (refusal != null) {
                end(refusal);
            } else if (compactsBeforeNextWatch && !keys().isEmpty()) {
                compactsBeforeNextWatch = false;
                KeyValue first = store.records().firstEntry().getValue();
                store.put(first.key(), first.value(), first.lease());
                store.compact();
                open();
            } else if (from > 0 && from <= store.compacted()) {
                end(new EtcdException(EtcdException.Kind.COMPACTED, "compacted"));
            } else {
                open = true;
                long current = store.revision();
                say(0, () -> listener.onCreated(current));
                tell(current, store.changesFrom(from > 0 ? from : current + 1)); // 0: from now on
            }
        }

        void tell(long at, List<EtcdApi.Event> events) {
            List<EtcdApi.Event> mine = events.stream()
                    .filter(event -> event.record().key().startsWith(prefix)
                            && event.record().modRevision() >= from)
                    .toList();
            if (open && !mine.isEmpty()) {
                say(delay(), () -> listener.onEvents(at, mine));
            }
        }

        void end(EtcdException cause) {
            if (watches.remove(this)) {
                client.inProcess(LATENCY.toNanos(), () -> {
                    if (!closed) {
                        listener.onEnd(cause);
                    }
                });
            }
        }

        @Override
        public void requestProgress() {
            scheduler.schedule(this::tellProgress, delay(), TimeUnit.NANOSECONDS);
        }

        private void tellProgress() {
            if (health == Health.PAUSED) {
                waiting.add(this::tellProgress);
            } else {
                long current = store.revision();
                say(0, () -> listener.onProgress(current));
            }
        }

        @Override
        public void close() {
            closed = true;
            watches.remove(this);
        }

        /** Says something after all that was said before. */
        private void say(long delay, Runnable call) {
            lastArrival = Math.max(lastArrival, scheduler.nanoTime() + delay);
            client.inProcess(lastArrival - scheduler.nanoTime(), () -> {
                if (watches.contains(this) && !deaf) {
                    call.run();
                }
            });
        }
    }
}
