package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.etcd.EtcdObserver.Loss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One announced endpoint: a key under a lease. One routine, {@link #reconcile}, looks at the key and makes it what it
 * should be; it runs when a lease was granted, with each renewal, and when other values are wanted. Every put is
 * guarded by what was seen, so that nobody else's record is ever overwritten unseen.
 *
 * <p>All but the volatile fields belongs to the loop's thread.
 */
final class EtcdRegistration implements EndpointRegistrar.Registration, EtcdLease.Owner {

    private static final Logger log = LoggerFactory.getLogger(EtcdRegistration.class);

    /** What all registrations of a registrar share. */
    record Context(
            EtcdLoop loop,
            EtcdApi api,
            EndpointCodec codec,
            EtcdObserver observer,
            Duration ttl,
            Duration callTimeout,
            Duration withdrawTimeout) {}

    private final Context context;
    private final EtcdLoop loop;
    private final EtcdApi api;
    private final EndpointCodec codec;
    private final String key;
    private final EtcdLease lease;
    private final Backoff backoff;
    private final CompletableFuture<Void> registered = new CompletableFuture<>();
    private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();

    private volatile State state = State.PENDING;
    private volatile Endpoint endpoint;

    private final List<CompletableFuture<Void>> updates = new ArrayList<>();
    private EtcdLoop.Timer timer = EtcdLoop.Timer.NONE;
    private @Nullable ByteString written;
    private @Nullable KeyConflict conflict;
    private EtcdException.@Nullable Kind complained;
    private boolean announcedBefore;
    private boolean looking;
    private boolean lookAgain;

    EtcdRegistration(Context context, String key, Endpoint endpoint) {
        this.context = context;
        this.loop = context.loop();
        this.api = context.api();
        this.codec = context.codec();
        this.key = key;
        this.endpoint = endpoint;
        this.lease = new EtcdLease(loop, api, context.ttl(), context.callTimeout(), this);
        this.backoff = new Backoff(loop);
    }

    void start() {
        loop.execute(lease::open);
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public CompletableFuture<Void> registered() {
        return registered;
    }

    @Override
    public CompletableFuture<Void> update(Endpoint wanted) {
        Endpoint current = endpoint;
        if (!wanted.service().equals(current.service()) || !wanted.address().equals(current.address())) {
            throw new IllegalArgumentException("endpoint: " + wanted.service() + " at " + wanted.address()
                    + " (expected: " + current.service() + " at " + current.address() + ")");
        }
        codec.canonical(wanted);
        CompletableFuture<Void> done = new CompletableFuture<>();
        boolean accepted = loop.execute(() -> {
            if (state == State.WITHDRAWN) {
                done.completeExceptionally(new CancellationException("withdrawn"));
                return;
            }
            endpoint = wanted;
            updates.add(done);
            reconcile();
        });
        if (!accepted) {
            done.completeExceptionally(new CancellationException("closed"));
        }
        return done;
    }

    @Override
    public CompletableFuture<Void> withdraw() {
        if (!loop.execute(this::beginWithdrawal)) {
            withdrawn.completeExceptionally(new CancellationException("closed"));
        }
        return withdrawn;
    }

    @Override
    public void leaseGranted() {
        reconcile();
    }

    @Override
    public void leaseRenewed() {
        reconcile();
    }

    @Override
    public void leaseFailed(EtcdException cause) {
        complain(cause);
    }

    @Override
    public void leaseOverdue(EtcdException cause) {
        lost(Loss.LEASE_OVERDUE, "not renewed within " + lease.ttl().toSeconds() + " s: " + cause.getMessage());
    }

    @Override
    public void leaseLost() {
        lost(Loss.LEASE_GONE, "etcd no longer has lease " + Long.toHexString(lease.id()));
        lease.open();
    }

    /** Looks at the key and makes it what it should be. */
    private void reconcile() {
        if (state == State.WITHDRAWN || lease.state() != EtcdLease.State.HELD) {
            return;
        }
        if (looking) {
            lookAgain = true;
            return;
        }
        looking = true;
        timer.cancel();
        loop.when(api.get(key), this::decide, this::failed);
    }

    private void decide(@Nullable KeyValue found) {
        if (over()) {
            return;
        }
        Endpoint wanted = endpoint;
        ByteString value = codec.encode(wanted);
        FoundRecord record = FoundRecord.judge(
                found, new FoundRecord.Wanted(codec.canonical(wanted), value, written, lease.id()), codec);
        switch (record.verdict()) {
            case GOOD -> settled(value);
            case STALE -> put(found, value);
            case ABSENT -> {
                lost(Loss.KEY_DELETED, "the key was deleted");
                put(found, value);
            }
            case OVERWRITTEN -> {
                lost(Loss.VALUE_OVERWRITTEN, "the value was overwritten");
                put(found, value);
            }
            case ADOPT_WEIGHT -> {
                log.info("{}: weight {} → {} set in etcd", name(), wanted.weight(), record.weight());
                endpoint = wanted.toBuilder().weight(record.weight()).build();
                put(found, codec.encode(endpoint));
            }
            case FOREIGN -> {
                if (found != null) {
                    lost(Loss.TAKEN_OVER, "another process holds the key");
                    meet(found, value, record.other());
                }
            }
        }
    }

    private void put(@Nullable KeyValue found, ByteString value) {
        long modRevision = found == null ? 0 : found.modRevision();
        loop.when(
                api.putIfUnchanged(key, modRevision, value, lease.id()),
                done -> {
                    if (over()) {
                        return;
                    }
                    if (done) {
                        settled(value);
                    } else {
                        pause(backoff.next());
                    }
                },
                this::failed);
    }

    /** Waits for the end of the process under whose lease the key is. */
    private void meet(KeyValue found, ByteString value, @Nullable Endpoint other) {
        loop.when(
                api.timeToLive(found.lease()),
                left -> {
                    if (over()) {
                        return;
                    }
                    if (KeyConflict.isAbandoned(left)) {
                        log.info("{}: taken over from lease {}", name(), Long.toHexString(found.lease()));
                        put(found, value);
                        return;
                    }
                    KeyConflict known = conflict;
                    if (known == null || known.lease() != found.lease()) {
                        known = new KeyConflict(found.lease(), other);
                        conflict = known;
                    }
                    state = State.CONFLICT;
                    known.log(key, endpoint, left, loop.now());
                    pause(KeyConflict.pause(left, lease.interval()));
                },
                this::failed);
    }

    private void settled(ByteString value) {
        boolean isNew = state != State.REGISTERED;
        looking = false;
        conflict = null;
        complained = null;
        written = value;
        state = State.REGISTERED;
        backoff.reset();
        if (isNew) {
            log.info(
                    "{}: {} as {} under lease {}, TTL {} s",
                    name(),
                    announcedBefore ? "registered again" : "registered",
                    LogText.of(value.toStringUtf8()),
                    Long.toHexString(lease.id()),
                    lease.ttl().toSeconds());
            EtcdLoop.foreign(() -> context.observer().registered(endpoint));
            announcedBefore = true;
            registered.complete(null);
        }
        if (lookAgain) {
            lookAgain = false;
            reconcile();
        } else {
            List<CompletableFuture<Void>> done = List.copyOf(updates);
            updates.clear();
            done.forEach(update -> update.complete(null));
        }
    }

    private void failed(EtcdException failure) {
        if (over()) {
            return;
        }
        if (failure.kind() == EtcdException.Kind.LEASE_GONE) {
            looking = false;
            lookAgain = false;
            lease.gone();
            return;
        }
        complain(failure);
        pause(backoff.next(failure));
    }

    private void pause(Duration delay) {
        looking = false;
        lookAgain = false;
        timer = loop.after(delay, this::reconcile);
    }

    /** Ends a look whose registration, or lease, has ended meanwhile. */
    private boolean over() {
        if (state == State.WITHDRAWN || lease.state() != EtcdLease.State.HELD) {
            looking = false;
            lookAgain = false;
            return true;
        }
        return false;
    }

    private void lost(Loss reason, String why) {
        if (state == State.REGISTERED) {
            state = State.PENDING;
            log.warn("{}: lost, {}; putting it back", name(), why);
            EtcdLoop.foreign(() -> context.observer().lost(endpoint, reason));
        }
    }

    /** Says once what kind of answer etcd gives; that etcd is away is said by the connection, once for all. */
    private void complain(EtcdException failure) {
        if (failure.kind() != EtcdException.Kind.UNREACHABLE && failure.kind() != complained) {
            log.warn("{}: cannot be registered: {}; trying on", name(), failure.getMessage());
        }
        complained = failure.kind();
    }

    private void beginWithdrawal() {
        if (state == State.WITHDRAWN) {
            return;
        }
        timer.cancel();
        state = State.WITHDRAWN;
        long held = lease.close();
        registered.cancel(false);
        updates.forEach(update -> update.completeExceptionally(new CancellationException("withdrawn")));
        updates.clear();
        Withdrawal withdrawal = new Withdrawal(context, key, held, written != null || looking);
        withdrawal.start().whenComplete((done, failure) -> {
            if (failure == null) {
                log.info("{}: withdrawn", name());
                withdrawn.complete(null);
            } else {
                log.warn("{}: not withdrawn, it ends with its lease: {}", name(), failure.getMessage());
                withdrawn.completeExceptionally(failure);
            }
        });
    }

    private String name() {
        return LogText.of(key);
    }
}
