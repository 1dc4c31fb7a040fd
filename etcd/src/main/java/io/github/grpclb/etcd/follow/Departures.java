package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells endpoints that were deregistered on purpose from those that were lost, which look the same in etcd's events: when a lease ends
 * its keys are deleted. So a key was deleted on purpose if its lease lives on, or if it had none. Keys of several leases that vanish in
 * one revision are the work of somebody who deleted a range, not of servers that left; they count as lost.
 *
 * <p>A lease that is gone may have run out or have been revoked, as go-zero's servers do: such an endpoint counts as lost. But from then
 * on it is known of some others' leases how long they last at least, and who goes before that left on purpose. An endpoint also counts as
 * lost where etcd does not say, and where more were deleted than are worth a question each. For the loop's thread.
 */
final class Departures {

    /** How many leases are asked for, at most, within {@link #WINDOW}. */
    static final int MOST_QUESTIONS = 50;

    static final Duration WINDOW = Duration.ofSeconds(15);

    /** Of how many others it is asked how long their leases last, after a loss: all clients of the service do so at once. */
    static final int OTHERS = 8;

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final Supplier<Set<Long>> leases;
    private final Consumer<Endpoint> deregistered;
    private final Deque<Long> askedAt = new ArrayDeque<>();

    /** Until when leases last at least: an answer gives whole seconds, rounded down, and a renewal only adds to it. */
    private final Map<Long, Long> lastUntil = new HashMap<>();

    /** What was deleted in one revision, and what in those before it was deleted alone. */
    private final List<RecordTable.Deleted<Endpoint>> together = new ArrayList<>();

    private final List<RecordTable.Deleted<Endpoint>> suspicious = new ArrayList<>();
    private long revision;

    /**
     * Creates it.
     *
     * @param leases returns those of the endpoints that are there
     * @param deregistered is told of each endpoint that was deregistered on purpose
     */
    Departures(EtcdLoop loop, EtcdApi api, Supplier<Set<Long>> leases, Consumer<Endpoint> deregistered) {
        this.loop = loop;
        this.api = api;
        this.leases = leases;
        this.deregistered = deregistered;
    }

    /** Begins with the changes that came together. */
    void begin() {
        together.clear();
        suspicious.clear();
    }

    /** Takes a change's revision, in the order in which they came, and which endpoint it took away. */
    void note(long at, RecordTable.@Nullable Deleted<Endpoint> deleted) {
        if (at != revision) {
            endRevision();
            revision = at;
        }
        if (deleted != null && deleted.value().state() == Endpoint.State.DRAINING) {
            deregistered.accept(deleted.value()); // whether a list has shown it so or not
        } else if (deleted != null) {
            together.add(deleted);
        }
    }

    /** Tells of those that left, at once or as soon as etcd has answered. */
    void judge() {
        endRevision();
        for (RecordTable.Deleted<Endpoint> each : suspicious) {
            if (each.lease() == 0 || lasts(each.lease())) {
                deregistered.accept(each.value());
            } else {
                ask(each.lease(), remaining -> {
                    if (remaining > 0) {
                        deregistered.accept(each.value());
                    } else {
                        askForOthers();
                    }
                });
            }
        }
    }

    private void askForOthers() {
        lastUntil.values().removeIf(until -> until - loop.now() <= 0);
        leases.get().stream()
                .filter(lease -> !lastUntil.containsKey(lease))
                .limit(OTHERS)
                .forEach(lease -> {
                    long asked = loop.now();
                    ask(lease, remaining -> lastUntil.put(lease, asked + TimeUnit.SECONDS.toNanos(remaining)));
                });
    }

    private boolean lasts(long lease) {
        Long until = lastUntil.get(lease);
        return until != null && until - loop.now() > 0;
    }

    /** Hands over for how many seconds a lease lasts; 0 where it ends just now, as far as the member knows that answers. */
    private void ask(long lease, LongConsumer remaining) {
        if (mayAsk()) {
            loop.when(
                    () -> api.timeToLiveIfAllowed(lease),
                    left -> remaining.accept(left.remaining().toSeconds()),
                    failure -> {});
        }
    }

    private void endRevision() {
        boolean ofOneServer = together.stream()
                        .mapToLong(RecordTable.Deleted::lease)
                        .distinct()
                        .count()
                == 1;
        if (together.size() == 1 || ofOneServer && together.get(0).lease() != 0) {
            suspicious.addAll(together);
        }
        together.clear();
    }

    private boolean mayAsk() {
        while (!askedAt.isEmpty() && loop.since(askedAt.element()).compareTo(WINDOW) >= 0) {
            askedAt.remove();
        }
        return askedAt.size() < MOST_QUESTIONS && askedAt.add(loop.now());
    }
}
