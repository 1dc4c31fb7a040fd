package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdClient;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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
    private final FakeFaults faults;
    private final FakeStore store;
    private final FakeLeases leases;
    private final FakeRecords records;
    private final FakeWatches watches;
    private final List<FakeClient> clients = new ArrayList<>();
    private int calls;

    public FakeEtcd(FakeClock scheduler) {
        this(scheduler, new Random(0));
    }

    public FakeEtcd(FakeClock scheduler, Random random) {
        this.scheduler = scheduler;
        this.faults = new FakeFaults(random);
        this.store = new FakeStore(scheduler::nanoTime, this::changed);
        this.leases = new FakeLeases(scheduler, faults, store);
        this.records = new FakeRecords(faults, store, leases);
        this.watches = new FakeWatches(scheduler, faults, store);
    }

    private void changed(long revision, List<EtcdApi.Event> events) {
        watches.tell(revision, events);
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
        boolean started = health() == Health.DOWN && to == Health.UP;
        faults.health(to);
        if (started) {
            leases.extendAll();
        }
        if (to == Health.DOWN) {
            watches.endAll(FakeFaults.unreachable());
        } else if (to == Health.UP) {
            leases.expire();
            faults.deliver();
        }
    }

    public Health health() {
        return faults.health();
    }

    /** From now on every call is refused so; null to end it. */
    public void refuse(EtcdException.Kind kind) {
        refuseWith(kind == null ? null : new EtcdException(kind, "refused: " + kind));
    }

    public void refuseWith(EtcdException answer) {
        faults.refuseWith(answer);
    }

    /** From now on there is no space: grants and puts are refused, all else goes on. */
    public void noSpace(boolean full) {
        faults.noSpace(full);
    }

    /** From now on calls are done, but their answers do not arrive. */
    public void loseAnswers(boolean lost) {
        faults.loseAnswers(lost);
    }

    /** From now on leases are granted, but nobody hears of it. */
    void loseGrants(boolean lost) {
        faults.loseGrants(lost);
    }

    /** The watches that stand say nothing more and do not end, nor will those that are asked for until this is over. */
    public void muteWatches(boolean mute) {
        watches.mute(mute);
    }

    /** From now on requests and answers take up to so long each, in no order; only a watch's events stay in theirs. */
    void slow(Duration most) {
        faults.slow(most);
    }

    /** No client's token is valid any more: its next call fails for that. */
    void expireTokens() {
        faults.expireTokens(clients);
    }

    public void endWatches(EtcdException cause) {
        watches.endAll(cause);
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
        leases.extendAll();
    }

    public void compact() {
        store.compact();
    }

    /** From now on a page whose values have more bytes cannot be received. */
    public void largestPage(int bytes) {
        records.largestPage(bytes);
    }

    /** When a watch is next asked for, something has changed since the list, and was compacted away. */
    void compactBeforeNextWatch() {
        watches.compactBeforeNext();
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
        return leases.begin(ttl, this);
    }

    public void renewNow(long id) {
        leases.extend(id);
    }

    public void revokeNow(long id) {
        store.revoke(id);
    }

    // what a test sees of it

    public FakeStore store() {
        return store;
    }

    public KeyValue record(String key) {
        return records.get(key);
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
        return watches.count();
    }

    /** Returns how many watches the clients of a process have. */
    public long watchCount(FakeClock process) {
        return watches.count(process);
    }

    public int calls() {
        return calls;
    }

    public int grants() {
        return leases.grants();
    }

    public int lists() {
        return records.lists();
    }

    public long revision() {
        return store.revision();
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
                endWatches();
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
            endWatches();
        }

        @Override
        public CompletableFuture<Lease> grant(Duration ttl) {
            return call(CALL_TIMEOUT, () -> faults.heardOf(leases.grant(ttl, process)));
        }

        @Override
        public CompletableFuture<Lease> renew(long lease, Duration timeout) {
            return call(timeout, () -> leases.renew(lease));
        }

        @Override
        public CompletableFuture<Void> revoke(long lease) {
            return call(CALL_TIMEOUT, () -> {
                leases.revoke(lease);
                return null;
            });
        }

        @Override
        public CompletableFuture<TimeToLive> timeToLive(long lease) {
            return call(CALL_TIMEOUT, () -> leases.timeToLive(lease));
        }

        @Override
        public CompletableFuture<KeyValue> get(String key) {
            return call(CALL_TIMEOUT, () -> records.get(key));
        }

        @Override
        public CompletableFuture<Boolean> putIfUnchanged(String key, long modRevision, ByteString value, long lease) {
            return call(CALL_TIMEOUT, () -> records.putIfUnchanged(key, modRevision, value, lease));
        }

        @Override
        public CompletableFuture<Long> putIfNoneNewer(
                String key, ByteString value, long lease, String prefix, long revision) {
            return call(CALL_TIMEOUT, () -> records.putIfNoneNewer(key, value, lease, prefix, revision));
        }

        @Override
        public CompletableFuture<List<String>> keysOf(long lease) {
            return call(CALL_TIMEOUT, () -> records.keysOf(lease));
        }

        @Override
        public CompletableFuture<Boolean> deleteIfUnchanged(String key, long modRevision) {
            return call(CALL_TIMEOUT, () -> records.deleteIfUnchanged(key, modRevision));
        }

        @Override
        public CompletableFuture<Page> list(String prefix, ByteString from, int limit, long at) {
            return call(CALL_TIMEOUT, () -> records.list(prefix, from, limit));
        }

        @Override
        public Watch watch(String prefix, long fromRevision, WatchListener listener) {
            return watches.open(this, prefix, fromRevision, listener);
        }

        private <T> CompletableFuture<T> call(Duration timeout, Supplier<T> operation) {
            calls++;
            return new FakeEtcdCall<>(scheduler, faults, this, timeout, operation).send();
        }

        private void endWatches() {
            watches.endOf(this, FakeFaults.unreachable());
        }

        FakeClock process() {
            return process;
        }

        boolean isCut() {
            return cut || closed;
        }

        /** Does something in the process, unless it is gone. */
        void inProcess(long delay, Runnable task) {
            try {
                process.schedule(task, delay, TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                // nobody is there to hear it
            }
        }
    }
}
