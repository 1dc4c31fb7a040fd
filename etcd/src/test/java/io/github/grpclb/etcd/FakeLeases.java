package io.github.grpclb.etcd;

import io.github.grpclb.etcd.FakeEtcd.Health;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The leases of a {@link FakeEtcd}: what clients ask of them, and that they run out. */
final class FakeLeases {

    private static final Duration SHORTEST = Duration.ofSeconds(2);

    private final FakeClock scheduler;
    private final FakeFaults faults;
    private final FakeStore store;
    private int grants;

    FakeLeases(FakeClock scheduler, FakeFaults faults, FakeStore store) {
        this.scheduler = scheduler;
        this.faults = faults;
        this.store = store;
    }

    // what a client asks

    EtcdApi.Lease grant(Duration ttl, Object owner) {
        faults.mustHaveSpace();
        grants++;
        Duration granted = ttl.compareTo(SHORTEST) < 0 ? SHORTEST : ttl;
        return new EtcdApi.Lease(begin(granted, owner), granted);
    }

    EtcdApi.Lease renew(long id) {
        mustExist(id);
        extend(id);
        return new EtcdApi.Lease(id, store.leases().get(id).ttl);
    }

    void revoke(long id) {
        mustExist(id);
        store.revoke(id);
    }

    EtcdApi.TimeToLive timeToLive(long id) {
        FakeStore.Lease found = store.leases().get(id);
        if (found == null) {
            return new EtcdApi.TimeToLive(Duration.ofSeconds(-1), Duration.ZERO);
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(found.expiresAt - scheduler.nanoTime());
        return new EtcdApi.TimeToLive(Duration.ofSeconds(seconds), found.ttl);
    }

    /** Returns how many leases clients were granted. */
    int grants() {
        return grants;
    }

    void mustExist(long id) {
        if (!store.leases().containsKey(id)) {
            throw new EtcdException(EtcdException.Kind.LEASE_GONE, "requested lease not found");
        }
    }

    // what happens to them

    long begin(Duration ttl, Object owner) {
        long id = store.grant(ttl, owner);
        extend(id);
        return id;
    }

    void extend(long id) {
        store.renew(id);
        scheduler.schedule(this::expire, store.leases().get(id).ttl.toNanos(), TimeUnit.NANOSECONDS);
    }

    void extendAll() {
        store.leases().keySet().forEach(this::extend);
    }

    /** Ends those whose time is over, unless etcd cannot: then it does so once it is up. */
    void expire() {
        if (faults.health() == Health.UP) {
            store.expire();
        }
    }
}
