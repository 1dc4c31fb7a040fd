package io.github.grpclb.override;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * When overrides end, by the monotonic clock: once they were seen for the first time, after what the wall clock then says is left of
 * them, and never later than after the time that they were made for. So a wall clock that is wrong, or set, makes none longer. Confined to one
 * thread.
 */
final class Ends {

    /** By what an override is known again: a later one of the same name has times of its own. */
    private record Seen(String service, String name, Instant since, Instant until) {

        static Seen of(Override override) {
            return new Seen(override.service(), override.name(), override.since(), override.until());
        }
    }

    /**
     * When one ends.
     *
     * @param late whether its time was over long before it was first seen
     */
    private record End(long at, boolean late) {}

    /** How much later than its time an override may be seen, as its lease ends when etcd gets to it. */
    private static final Duration LATE = Duration.ofMinutes(1);

    private final LongSupplier ticker;
    private final InstantSource clock;
    private final Map<Seen, End> ends = new HashMap<>();

    /**
     * Creates it.
     *
     * @param ticker nanoseconds of a monotonic clock
     * @param clock the wall clock
     */
    Ends(LongSupplier ticker, InstantSource clock) {
        this.ticker = ticker;
        this.clock = clock;
    }

    /** Returns how long an override still is; 0 or less for one that has ended. */
    Duration left(Override override) {
        return Duration.ofNanos(endOf(override).at - ticker.getAsLong());
    }

    /** Says whether an override never acts, as its time was over long before it was first seen: then a clock is wrong. */
    boolean isLate(Override override) {
        return endOf(override).late;
    }

    private End endOf(Override override) {
        return ends.computeIfAbsent(Seen.of(override), first -> {
            Duration left = Duration.between(clock.instant(), override.until());
            if (left.isNegative()) {
                return new End(ticker.getAsLong(), left.plus(LATE).isNegative());
            }
            Duration acts = left.compareTo(override.duration()) < 0 ? left : override.duration();
            return new End(ticker.getAsLong() + acts.toNanos(), false);
        });
    }

    /** Forgets those of a service that are not listed any more. */
    void keepOnly(String service, Collection<Override> listed) {
        Set<Seen> there = new HashSet<>();
        listed.forEach(each -> there.add(Seen.of(each)));
        ends.keySet().removeIf(seen -> seen.service().equals(service) && !there.contains(seen));
    }

    /** Forgets those that have ended for so long that no registry holds them any more. */
    void prune() {
        long now = ticker.getAsLong();
        ends.values().removeIf(end -> now - end.at > Override.LONGEST.toNanos());
    }
}
