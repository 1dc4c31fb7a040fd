package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** A lease and the keys that live as long as it does. */
final class Lease {

    private final long id;
    private final long ttlSeconds;
    private final NavigableSet<ByteString> keys = new TreeSet<>(KeyRange.ORDER);
    private long deadline;

    Lease(long id, long ttlSeconds, long now) {
        this.id = id;
        this.ttlSeconds = ttlSeconds;
        renew(now);
    }

    long id() {
        return id;
    }

    long ttlSeconds() {
        return ttlSeconds;
    }

    /** Returns the keys, in the order in which they are deleted. */
    NavigableSet<ByteString> keys() {
        return keys;
    }

    void renew(long now) {
        deadline = now + TimeUnit.SECONDS.toNanos(ttlSeconds);
    }

    /** Returns what is left of the lease, 0 or less when it is over. */
    long remainingNanos(long now) {
        return deadline - now;
    }
}
