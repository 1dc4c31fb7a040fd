package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.IllegalValueException;
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
 * One announced endpoint: an {@link OwnKey} under an {@link EtcdLease}. The key is looked at when a lease was granted, with each
 * renewal, and when other values are wanted.
 *
 * <p>All but the endpoint and the status belongs to the loop's thread.
 */
final class EtcdRegistration implements EndpointRegistrar.Registration, EtcdLease.Owner, OwnKey.Owner {

    private static final Logger log = LoggerFactory.getLogger(EtcdRegistration.class);

    /** Once those who start together are there. */
    private static final Duration LOOK_AROUND = Duration.ofSeconds(3);

    private static final double LOOK_AROUND_JITTER = 0.5;
    private static final int NEIGHBOURS = 1000;

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
    private final EndpointCodec codec;
    private final String key;
    private final String servicePrefix;
    private final EtcdLease lease;
    private final OwnKey ownKey;
    private final RegistrationStatus status;
    private final CompletableFuture<Void> registered = new CompletableFuture<>();
    private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();

    private volatile Endpoint endpoint;

    private final List<CompletableFuture<Void>> updates = new ArrayList<>();
    private final SameIds sameIds;
    private boolean announcedBefore;

    EtcdRegistration(Context context, String key, String servicePrefix, Endpoint endpoint) {
        this.context = context;
        this.loop = context.loop();
        this.codec = context.codec();
        this.key = key;
        this.servicePrefix = servicePrefix;
        this.endpoint = endpoint;
        this.lease = new EtcdLease(loop, context.api(), context.ttl(), context.callTimeout(), this);
        this.ownKey = new OwnKey(context, key, lease, this);
        this.status = new RegistrationStatus(loop);
        this.sameIds = new SameIds(loop.logLimit());
    }

    void start() {
        loop.execute(lease::open);
    }

    @Override
    public State state() {
        return status.state();
    }

    @Override
    public Status status() {
        return status.now();
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
            throw new IllegalValueException(
                    "endpoint",
                    wanted.service() + " at " + wanted.address(),
                    current.service() + " at " + current.address());
        }
        codec.canonical(wanted);
        CompletableFuture<Void> done = new CompletableFuture<>();
        boolean accepted = loop.execute(() -> {
            if (!isWanted()) {
                done.completeExceptionally(new CancellationException("withdrawn"));
                return;
            }
            updates.add(done);
            endpoint = wanted;
            status.unseen();
            ownKey.look();
        });
        if (!accepted) {
            done.completeExceptionally(new CancellationException("closed"));
        }
        return done;
    }

    @Override
    public CompletableFuture<Boolean> hasOthers() {
        CompletableFuture<Boolean> others = new CompletableFuture<>();
        boolean accepted = loop.execute(() -> loop.when(
                () -> context.api().list(servicePrefix, ByteString.EMPTY, 2, 0),
                page -> others.complete(page.next() != null
                        || page.records().stream()
                                .anyMatch(record -> !record.key().equals(key))),
                failure -> others.complete(true)));
        if (!accepted) {
            others.complete(true);
        }
        return others;
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
        ownKey.look();
    }

    @Override
    public void leaseRenewed() {
        ownKey.look();
    }

    @Override
    public void leaseFailed(EtcdException cause) {
        failed(cause);
    }

    @Override
    public void leaseOverdue(EtcdException cause) {
        lost(Loss.LEASE_OVERDUE, "not renewed within " + lease.ttl().toSeconds() + " s: " + cause.getMessage());
    }

    @Override
    public void leaseLost() {
        lost(Loss.LEASE_GONE, "etcd no longer has lease " + Long.toHexString(lease.id()));
    }

    @Override
    public boolean isWanted() {
        return status.state() != State.WITHDRAWN;
    }

    @Override
    public Endpoint wanted() {
        return endpoint;
    }

    @Override
    public void weightSet(Endpoint adopted) {
        log.info("{}: weight {} → {} set in etcd", name(), endpoint.weight(), adopted.weight());
        endpoint = adopted;
    }

    @Override
    public void announced(ByteString value) {
        boolean isNew = status.state() != State.REGISTERED;
        loop.logLimit().over(key);
        status.is(State.REGISTERED, null);
        if (isNew) {
            log.info(
                    "{}: {} as {} under lease {}, TTL {} s",
                    name(),
                    announcedBefore ? "registered again" : "registered",
                    LogText.of(value.toStringUtf8()),
                    Long.toHexString(lease.id()),
                    lease.ttl().toSeconds());
            loop.foreign(() -> context.observer().registered(endpoint));
            if (!announcedBefore) {
                loop.after(loop.jittered(LOOK_AROUND, LOOK_AROUND_JITTER), this::lookAround);
            }
            announcedBefore = true;
            registered.complete(null);
        }
    }

    @Override
    public void upToDate() {
        List<CompletableFuture<Void>> done = List.copyOf(updates);
        updates.clear();
        done.forEach(update -> update.complete(null));
    }

    @Override
    public void seen(@Nullable Duration lag) {
        status.seen(lag);
        if (lag != null) {
            log.debug("{}: visible {} ms after it was written", key, lag.toMillis());
            loop.foreign(() -> context.observer().seen(endpoint, lag));
        }
    }

    @Override
    public void lost(Loss reason, String why) {
        if (status.state() == State.REGISTERED) {
            status.is(State.PENDING, why);
            log.warn("{}: lost, {}; putting it back", name(), why);
            loop.foreign(() -> context.observer().lost(endpoint, reason));
        }
    }

    @Override
    public void conflict(String why, EtcdApi.TimeToLive left, KeyConflict conflict) {
        status.is(State.CONFLICT, why);
        conflict.log(key, endpoint, left, loop.now(), loop.logLimit());
    }

    @Override
    public void takesOver(long other) {
        log.info("{}: taken over from lease {}", name(), Long.toHexString(other));
    }

    @Override
    public void failed(EtcdException failure) {
        status.troubledBy(failure.getMessage());
        if (failure.kind() != EtcdException.Kind.UNREACHABLE && loop.logLimit().isNew(key, failure.kind())) {
            log.warn("{}: cannot be registered: {}; retrying", name(), failure.getMessage());
        }
    }

    /**
     * Looks once whether another server has this one's id: a second process with the same configuration, or a record of this one under
     * another name. One page is read, and none where the id is the address.
     */
    private void lookAround() {
        Endpoint own = endpoint;
        if (!isWanted() || own.id() == null || own.id().equals(own.address())) {
            return;
        }
        String below = key.substring(0, key.length() - own.address().length());
        loop.when(
                () -> context.api().listIfAllowed(below, ByteString.EMPTY, NEIGHBOURS, 0),
                page -> page.records().forEach(record -> compare(own, record)),
                failure -> {});
    }

    private void compare(Endpoint own, KeyValue record) {
        try {
            Endpoint other = codec.decode(own.service(), record, leftOut -> {});
            if (other.state() == Endpoint.State.UP) {
                sameIds.look(own.toBuilder().key(key).build(), other);
            }
        } catch (MalformedRecordException e) {
            // it is nobody's
        }
    }

    private void beginWithdrawal() {
        if (isWanted()) {
            try {
                takeBack();
            } catch (RuntimeException | Error e) {
                withdrawn.completeExceptionally(loop.caught(e));
            }
        }
    }

    private void takeBack() {
        boolean mayHoldTheKey = ownKey.leave();
        status.is(State.WITHDRAWN, null);
        long held = lease.close();
        registered.cancel(false);
        updates.forEach(update -> update.completeExceptionally(new CancellationException("withdrawn")));
        updates.clear();
        Withdrawal withdrawal = new Withdrawal(context, key, endpoint, held, mayHoldTheKey);
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
