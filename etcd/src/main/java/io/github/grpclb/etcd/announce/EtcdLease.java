package io.github.grpclb.etcd.announce;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdBackoff;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import java.time.Duration;

/**
 * The lease of one registration, or of what else belongs to a process. Renewed at a third of the time that etcd gave, by monotonic time; a renewal that fails
 * is tried again until etcd answers, also after the lease should have ended: only etcd knows whether it has. For the
 * loop's thread.
 */
@Internal
public final class EtcdLease {

    /** Where a lease stands. */
    public enum State {
        /** Not asked for. */
        NEW, // -> GRANTING, CLOSED
        /** Asked for, again and again. */
        GRANTING, // -> HELD, CLOSED
        /** Ours. */
        HELD, // -> OVERDUE, LOST, CLOSED
        /** Not renewed within its time; etcd does not answer. */
        OVERDUE, // -> HELD, LOST, CLOSED
        /** etcd does not have it any more; another one is asked for at once. */
        LOST, // -> GRANTING, CLOSED
        /** Not wanted any more. */
        CLOSED
    }

    /** Whose lease it is. */
    public interface Owner {

        /** A lease was granted or renewed: etcd answers, and it is a good time to look after the key. */
        void leaseHeld();

        /**
         * No lease is granted, or its time has passed without an answer, as the state says. It is asked for again.
         */
        void leaseFailed(EtcdException cause);

        /** etcd does not have the lease any more. Another one is asked for. */
        void leaseLost();
    }

    /** The most time between two looks at the own key. */
    private static final Duration MAX_INTERVAL = Duration.ofSeconds(10);

    private static final int RENEWALS_PER_TTL = 3;

    /** After so many times that a call may take it is made again, should nobody have heard of its end. */
    private static final int PATIENCE = 2;

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final Duration requestedTtl;
    private final Duration callTimeout;
    private final Owner owner;
    private final EtcdBackoff backoff;
    private final Alarm next;

    private State state = State.NEW;
    private long id;
    private Duration ttl;
    private long renewedAt;

    EtcdLease(Announcing announcing, Owner owner) {
        this(announcing.loop(), announcing.api(), announcing.ttl(), announcing.callTimeout(), owner);
    }

    /**
     * Creates a lease that is asked for when it is opened.
     *
     * @param ttl what is asked for, in whole seconds
     * @param callTimeout how long a call may take
     */
    public EtcdLease(EtcdLoop loop, EtcdApi api, Duration ttl, Duration callTimeout, Owner owner) {
        this.loop = loop;
        this.api = api;
        this.requestedTtl = ttl;
        this.ttl = ttl;
        this.callTimeout = callTimeout;
        this.owner = owner;
        this.backoff = new EtcdBackoff(loop);
        this.next = new Alarm(loop);
    }

    public State state() {
        return state;
    }

    /** Returns etcd's id of the lease; 0 when there is none. */
    public long id() {
        return id;
    }

    /** Returns the time that etcd gave, else that will be asked for. */
    Duration ttl() {
        return ttl;
    }

    /** Returns how often it is renewed. */
    Duration interval() {
        Duration third = ttl.dividedBy(RENEWALS_PER_TTL);
        return third.compareTo(MAX_INTERVAL) < 0 ? third : MAX_INTERVAL;
    }

    /** Asks for a lease until there is one. */
    public void open() {
        if (state == State.NEW || state == State.LOST) {
            next.set(Duration.ZERO, this::grant);
            state = State.GRANTING;
            id = 0;
        }
    }

    /** To be called when a call told that etcd does not have this lease. */
    public void gone() {
        if (state == State.HELD || state == State.OVERDUE) {
            next.set(Duration.ZERO, this::open);
            state = State.LOST;
            owner.leaseLost();
        }
    }

    /** Stops renewing. Returns the id of the lease, for the owner to revoke; 0 when there is none. */
    public long close() {
        next.cancel();
        state = State.CLOSED;
        return id;
    }

    private void grant() {
        next.set(callTimeout.multipliedBy(PATIENCE), this::grant);
        long asked = loop.now();
        loop.when(() -> api.grant(requestedTtl), lease -> granted(lease, asked), failure -> {
            if (state == State.GRANTING) {
                next.set(backoff.next(failure), this::grant);
                owner.leaseFailed(failure);
            }
        });
    }

    private void granted(EtcdApi.Lease lease, long asked) {
        if (state != State.GRANTING) {
            loop.when(() -> api.revoke(lease.id()), done -> {}, failure -> {});
            return;
        }
        held(lease, asked);
        owner.leaseHeld();
    }

    private void held(EtcdApi.Lease lease, long asked) {
        ttl = lease.ttl();
        next.set(interval(), this::renew);
        id = lease.id();
        state = State.HELD;
        renewedAt = asked;
        backoff.reset();
    }

    private void renew() {
        long asked = loop.now();
        long renewing = id;
        Duration limit = interval().compareTo(callTimeout) < 0 ? interval() : callTimeout;
        next.set(limit.multipliedBy(PATIENCE), this::renew);
        loop.when(
                () -> api.renew(renewing, limit),
                lease -> {
                    if (renews(renewing)) {
                        held(lease, asked);
                        owner.leaseHeld();
                    }
                },
                failure -> {
                    if (renews(renewing)) {
                        renewalFailed(failure);
                    }
                });
    }

    private boolean renews(long renewing) {
        return renewing == id && (state == State.HELD || state == State.OVERDUE);
    }

    private void renewalFailed(EtcdException failure) {
        if (failure.kind() == EtcdException.Kind.LEASE_GONE) {
            gone();
            return;
        }
        next.set(backoff.next(failure), this::renew);
        if (state == State.HELD && loop.since(renewedAt).compareTo(ttl) >= 0) {
            state = State.OVERDUE;
            owner.leaseFailed(failure);
        }
    }
}
