package io.github.grpclb.etcd.announce;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RegistryObserver.Loss;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.etcd.client.EtcdBackoff;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One announced endpoint: an {@link OwnKey} under an {@link EtcdLease}. The key is looked at when a lease was granted, with each
 * renewal, and when other values are wanted, and it is made what it should be. What was put is read once more at once: as clients list
 * a service with such reads, it is then visible to them. So a registration costs etcd one read with each write and each renewal,
 * however many clients there are.
 *
 * <p>All but the endpoint and the status belongs to the loop's thread.
 */
final class EtcdRegistration implements EndpointRegistrar.Registration, EtcdLease.Owner {

    /** Where the look at the key stands. */
    private enum Step {
        /** The key is as it should be, or there is no lease for it. */
        IDLE, // -> BUSY
        /** It is being read, and put where it is not as it should be. */
        BUSY, // -> IDLE, PAUSED, REFUSED
        /** It is looked at again in a moment, or when the lease is renewed before. */
        PAUSED, // -> BUSY
        /** etcd refuses it: it is not looked at before the pause is over. */
        REFUSED // -> BUSY
    }

    /** Once those who start together are there. */
    private static final Duration LOOK_AROUND = Duration.ofSeconds(3);

    private static final double LOOK_AROUND_JITTER = 0.5;

    /** A look makes three calls at most; after the time of so many it is begun anew, should nobody have heard of its end. */
    private static final int PATIENCE = 4;

    private final Announcing announcing;
    private final EtcdLoop loop;
    private final String key;
    private final EtcdLease lease;
    private final OwnKey ownKey;
    private final Neighbours neighbours;
    private final RegistrationStatus status;
    private final EtcdBackoff backoff;
    private final Alarm next;
    private final CompletableFuture<Void> registered = new CompletableFuture<>();
    private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();

    private volatile Endpoint endpoint;

    private final List<CompletableFuture<Void>> updates = new ArrayList<>();
    private Step step = Step.IDLE;
    private boolean lookAgain;
    private long round;
    private @Nullable Long unseenSince;
    private @Nullable KeyConflict conflict;

    EtcdRegistration(Announcing announcing, String key, String servicePrefix, Endpoint endpoint) {
        this.announcing = announcing;
        this.loop = announcing.loop();
        this.key = key;
        this.endpoint = endpoint;
        this.lease = new EtcdLease(announcing, this);
        this.ownKey = new OwnKey(announcing.api(), announcing.codec(), key);
        this.neighbours = new Neighbours(announcing, key, servicePrefix);
        this.status = new RegistrationStatus(loop, announcing.observer(), key);
        this.backoff = new EtcdBackoff(loop);
        this.next = new Alarm(loop);
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
        announcing.codec().canonical(wanted);
        CompletableFuture<Void> done = new CompletableFuture<>();
        boolean accepted = loop.execute(() -> {
            if (!isWanted()) {
                done.completeExceptionally(new CancellationException("withdrawn"));
                return;
            }
            updates.add(done);
            endpoint = wanted;
            status.unseen();
            look();
        });
        if (!accepted) {
            done.completeExceptionally(new CancellationException("closed"));
        }
        return done;
    }

    @Override
    public CompletableFuture<Boolean> hasOthers() {
        CompletableFuture<Boolean> others = new CompletableFuture<>();
        if (!loop.execute(() -> neighbours.areThere(others))) {
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

    // the lease

    @Override
    public void leaseHeld() {
        look();
    }

    @Override
    public void leaseFailed(EtcdException cause) {
        if (lease.state() == EtcdLease.State.OVERDUE) {
            endLook();
            lost(Loss.LEASE_OVERDUE, "not renewed within " + lease.ttl().toSeconds() + " s: " + cause.getMessage());
        } else {
            status.failed(cause);
        }
    }

    @Override
    public void leaseLost() {
        endLook();
        lost(Loss.LEASE_GONE, "etcd no longer has lease " + Long.toHexString(lease.id()));
    }

    // the key

    private void look() {
        if (step == Step.BUSY) {
            lookAgain = true;
        } else if (step != Step.REFUSED && isWanted() && lease.state() == EtcdLease.State.HELD) {
            next.set(announcing.callTimeout().multipliedBy(PATIENCE), this::lookNow);
            step = Step.BUSY;
            lookAgain = false;
            round++;
            when(() -> ownKey.look(() -> endpoint, lease.id()), this::found);
        }
    }

    private void lookNow() {
        step = Step.IDLE;
        look();
    }

    /** Makes a call of this round; what arrives of an earlier one, whose lease or registration has ended, is not heard. */
    private <T> void when(Supplier<CompletableFuture<T>> call, Consumer<T> succeeded) {
        long begun = round;
        loop.when(
                call,
                result -> {
                    if (begun == round) {
                        succeeded.accept(result);
                    }
                },
                failure -> {
                    if (begun == round) {
                        failed(failure);
                    }
                });
    }

    private void found(FoundRecord found) {
        if (found instanceof FoundRecord.Good) {
            seen();
        } else if (found instanceof FoundRecord.Foreign foreign) {
            lost(Loss.TAKEN_OVER, "another process holds the key");
            meet(foreign);
        } else {
            if (found instanceof FoundRecord.Absent) {
                lost(Loss.KEY_DELETED, "the key was deleted");
            } else if (found instanceof FoundRecord.Overwritten) {
                lost(Loss.VALUE_OVERWRITTEN, "the value was overwritten");
            } else if (found instanceof FoundRecord.OtherWeight other) {
                status.weightSet(endpoint.weight(), other.weight());
                endpoint = endpoint.toBuilder().weight(other.weight()).build();
            }
            put(found);
        }
    }

    private void put(FoundRecord found) {
        unseenSince = loop.now();
        when(() -> ownKey.put(endpoint, lease.id(), found), done -> {
            if (done) {
                written();
            } else {
                pause(backoff.next());
            }
        });
    }

    /** It is read once more: so it is known to be visible. */
    private void written() {
        announced();
        endRound();
        look();
    }

    private void seen() {
        announced();
        Long since = unseenSince;
        unseenSince = null;
        status.seen(endpoint, since == null ? null : loop.since(since));
        if (!endRound()) {
            look();
        }
    }

    /** The key is as it should have been when it was looked at; returns whether nothing else has been wanted since. */
    private boolean endRound() {
        boolean upToDate = !lookAgain;
        idle();
        if (upToDate) {
            completeUpdates();
        }
        return upToDate;
    }

    private void announced() {
        conflict = null;
        backoff.reset();
        if (status.registered(endpoint, ownKey.written(), lease)) {
            loop.after(loop.jittered(LOOK_AROUND, LOOK_AROUND_JITTER), this::lookAround);
        }
        registered.complete(null);
    }

    private void lookAround() {
        if (isWanted()) {
            neighbours.lookForId(endpoint);
        }
    }

    private void completeUpdates() {
        List<CompletableFuture<Void>> done = List.copyOf(updates);
        updates.clear();
        done.forEach(update -> update.complete(null));
    }

    /** Waits for the end of the process under whose lease the key is. */
    private void meet(FoundRecord.Foreign found) {
        when(() -> announcing.api().timeToLive(found.lease()), left -> {
            if (KeyConflict.isAbandoned(left)) {
                status.takesOver(found.lease());
                put(found);
                return;
            }
            KeyConflict known = conflict;
            if (known == null || known.lease() != found.lease()) {
                known = new KeyConflict(found.lease(), found.endpoint());
                conflict = known;
            }
            pause(KeyConflict.pause(left, lease.interval()));
            status.conflict(endpoint, known, left);
        });
    }

    private void failed(EtcdException failure) {
        if (failure.kind() == EtcdException.Kind.LEASE_GONE) {
            endLook();
            lease.gone();
            return;
        }
        pause(backoff.next(failure));
        if (failure.needsAPerson()) {
            step = Step.REFUSED;
        }
        status.failed(failure);
    }

    private void pause(Duration delay) {
        next.set(delay, this::lookNow);
        step = Step.PAUSED;
        lookAgain = false;
    }

    private void idle() {
        step = Step.IDLE;
        lookAgain = false;
        next.cancel();
    }

    /** The lease that the look was for is not held any more. */
    private void endLook() {
        if (step == Step.BUSY) {
            round++;
            idle();
        }
    }

    private void lost(Loss reason, String why) {
        status.lost(endpoint, reason, why);
    }

    // the end

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
        boolean mayHoldTheKey = !ownKey.written().isEmpty() || step == Step.BUSY;
        round++;
        idle();
        status.withdrawing();
        long held = lease.close();
        registered.cancel(false);
        updates.forEach(update -> update.completeExceptionally(new CancellationException("withdrawn")));
        updates.clear();
        Withdrawal withdrawal = new Withdrawal(announcing, key, endpoint, held, mayHoldTheKey);
        withdrawal.start().whenComplete((done, failure) -> {
            status.withdrawn(failure);
            if (failure == null) {
                withdrawn.complete(null);
            } else {
                withdrawn.completeExceptionally(failure);
            }
        });
    }

    private boolean isWanted() {
        return status.state() != State.WITHDRAWN;
    }
}
