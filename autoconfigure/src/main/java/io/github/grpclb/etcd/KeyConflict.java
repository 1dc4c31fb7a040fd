package io.github.grpclb.etcd;

import java.time.Duration;

/**
 * Whether the other process, under whose lease our key is, still lives. A live owner renews its lease at a third of its time, so
 * a lease with less than half of it left belongs to nobody any more: its key is taken over before it vanishes, and the address never
 * does. For the loop's thread.
 */
final class KeyConflict {

    private static final Duration LEAST_PAUSE = Duration.ofMillis(300);

    private final long lease;
    private Duration leastSeen = Duration.ofSeconds(Long.MAX_VALUE);
    private boolean told;

    KeyConflict(long lease) {
        this.lease = lease;
    }

    long lease() {
        return lease;
    }

    /** Returns whether the lease is given up by its owner. */
    static boolean isAbandoned(EtcdApi.TimeToLive left) {
        return left.remaining().isNegative()
                || left.remaining().compareTo(left.granted().dividedBy(2)) < 0;
    }

    /** Notes what is left; returns true, once, when the lease was seen to have been renewed: its owner lives. */
    boolean provesLife(EtcdApi.TimeToLive left) {
        boolean renewed = left.remaining().compareTo(leastSeen) > 0;
        if (left.remaining().compareTo(leastSeen) < 0) {
            leastSeen = left.remaining();
        }
        if (renewed && !told) {
            told = true;
            return true;
        }
        return false;
    }

    /** When to look again: as soon as the lease can be known to be abandoned. */
    static Duration pause(EtcdApi.TimeToLive left, Duration most) {
        Duration untilHalf = left.remaining().minus(left.granted().dividedBy(2)).plus(LEAST_PAUSE);
        Duration pause = untilHalf.compareTo(LEAST_PAUSE) < 0 ? LEAST_PAUSE : untilHalf;
        return pause.compareTo(most) < 0 ? pause : most;
    }
}
