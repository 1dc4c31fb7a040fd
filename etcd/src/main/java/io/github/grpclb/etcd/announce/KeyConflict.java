package io.github.grpclb.etcd.announce;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.etcd.client.EtcdApi;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the other process, under whose lease our key is, still lives. A live owner renews its lease at a third of its
 * time, so a lease with less than half of it left belongs to nobody any more: its key is taken over before it vanishes,
 * and the address never does. For the loop's thread.
 */
final class KeyConflict {

    private static final Logger log = LoggerFactory.getLogger(KeyConflict.class);

    /** etcd tells whole seconds. */
    private static final Duration GRANULARITY = Duration.ofSeconds(1);

    private static final Duration LEAST_PAUSE = Duration.ofMillis(300);

    private final long lease;
    private final String other;
    private @Nullable Duration metWith;
    private long metAt;

    /**
     * Notes a conflict.
     *
     * @param lease the other process's lease
     * @param endpoint what the other process announces; null where it cannot be read
     */
    KeyConflict(long lease, @Nullable Endpoint endpoint) {
        this.lease = lease;
        this.other = (endpoint == null ? "unreadable" : describe(endpoint)) + ", lease " + Long.toHexString(lease);
    }

    long lease() {
        return lease;
    }

    /** Returns whether the lease is given up by its owner. */
    static boolean isAbandoned(EtcdApi.TimeToLive left) {
        return left.remaining().isNegative()
                || left.remaining().compareTo(left.granted().dividedBy(2)) < 0;
    }

    /** Says it in a line, for the status. */
    String describe() {
        return "another process (" + other + ") holds the key";
    }

    /**
     * Says so, once when it is met, and louder once it is seen that the lease is renewed: its owner lives.
     *
     * @param now of the loop's clock
     */
    void log(String key, Endpoint own, EtcdApi.TimeToLive left, long now, LogLimit logLimit) {
        if (metWith == null) {
            log.info("{}: another process ({}) holds the key; waiting for its end", LogText.of(key), other);
        }
        if (isRenewed(left, now) && logLimit.isNew(key, lease)) {
            log.warn(
                    "{}: two live processes announce this address: ({}) holds the key, ({}) stays unregistered",
                    LogText.of(key),
                    other,
                    describe(own));
        }
    }

    /** Returns whether more is left than the first look's rest can be by now: looks may fall on the renewals' own beat. */
    boolean isRenewed(EtcdApi.TimeToLive left, long now) {
        Duration first = metWith;
        if (first == null) {
            metWith = left.remaining();
            metAt = now;
            return false;
        }
        return left.remaining().compareTo(first.plus(GRANULARITY).minusNanos(now - metAt)) > 0;
    }

    /** When to look again: as soon as the lease can be known to be abandoned. */
    static Duration pause(EtcdApi.TimeToLive left, Duration most) {
        Duration untilHalf = left.remaining().minus(left.granted().dividedBy(2)).plus(LEAST_PAUSE);
        Duration pause = untilHalf.compareTo(LEAST_PAUSE) < 0 ? LEAST_PAUSE : untilHalf;
        return pause.compareTo(most) < 0 ? pause : most;
    }

    private static String describe(Endpoint endpoint) {
        return "id " + LogText.of(String.valueOf(endpoint.id())) + ", startedAt " + endpoint.startedAt();
    }
}
