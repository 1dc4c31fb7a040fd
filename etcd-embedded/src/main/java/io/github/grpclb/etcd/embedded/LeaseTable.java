package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The leases that are granted, by id, on a monotonic clock. Deletes no key itself. Not thread-safe. */
final class LeaseTable {

    /** The smallest TTL granted: 1.5 election timeouts of an etcd with the default of 1 s, rounded up. */
    static final long MIN_TTL_SECONDS = 2;

    static final long MAX_TTL_SECONDS = 9_000_000_000L;

    /** The lease id that stands for no lease. */
    static final long NONE = 0;

    private final Map<Long, Lease> leases = new HashMap<>();
    private final LongSupplier nanoTime;

    LeaseTable(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Grants a lease.
     *
     * @param wantedId its id, or {@link #NONE} to have one made
     * @param ttlSeconds the time to live that is asked for; at least {@link #MIN_TTL_SECONDS} is given
     * @throws RefusedException if the id is taken or the TTL is above {@link #MAX_TTL_SECONDS}
     */
    Lease grant(long wantedId, long ttlSeconds) {
        if (ttlSeconds > MAX_TTL_SECONDS) {
            throw new RefusedException(EtcdError.TTL_TOO_LARGE);
        }
        long id = wantedId == NONE ? unusedId() : wantedId;
        if (leases.containsKey(id)) {
            throw new RefusedException(EtcdError.LEASE_EXISTS);
        }
        Lease lease = new Lease(id, Math.max(ttlSeconds, MIN_TTL_SECONDS), nanoTime.getAsLong());
        leases.put(id, lease);
        return lease;
    }

    /**
     * Ends a lease and returns it, with the keys that have to go.
     *
     * @throws RefusedException if there is none with this id
     */
    Lease revoke(long id) {
        Lease lease = leases.remove(id);
        if (lease == null) {
            throw new RefusedException(EtcdError.LEASE_NOT_FOUND);
        }
        return lease;
    }

    /** Starts a lease's time anew; returns its TTL in seconds, 0 when it is over or never was. */
    long renew(long id) {
        Lease lease = leases.get(id);
        long now = nanoTime.getAsLong();
        if (lease == null || lease.remainingNanos(now) <= 0) {
            return 0;
        }
        lease.renew(now);
        return lease.ttlSeconds();
    }

    /** Returns a granted lease, or null. */
    @Nullable
    Lease find(long id) {
        return leases.get(id);
    }

    /** Returns the whole seconds that a lease has left. */
    long remainingSeconds(Lease lease) {
        return TimeUnit.NANOSECONDS.toSeconds(lease.remainingNanos(nanoTime.getAsLong()));
    }

    /** Moves a key from the lease it had to the one it has now; either may be {@link #NONE}. */
    void move(ByteString key, long from, long to) {
        Lease old = leases.get(from);
        if (old != null) {
            old.keys().remove(key);
        }
        Lease current = leases.get(to);
        if (current != null) {
            current.keys().add(key);
        }
    }

    /** Returns the ids of all leases, the next to end first. */
    List<Long> ids() {
        long now = nanoTime.getAsLong();
        return leases.values().stream()
                .sorted(Comparator.comparingLong(lease -> lease.remainingNanos(now)))
                .map(Lease::id)
                .toList();
    }

    /** Returns the ids of the leases whose time is over and that are not revoked yet. */
    List<Long> expired() {
        long now = nanoTime.getAsLong();
        return leases.values().stream()
                .filter(lease -> lease.remainingNanos(now) <= 0)
                .map(Lease::id)
                .toList();
    }

    private long unusedId() {
        long id;
        do {
            id = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        } while (leases.containsKey(id));
        return id;
    }
}
