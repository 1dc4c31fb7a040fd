package io.github.grpclb.etcd;

import io.github.grpclb.discovery.Endpoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells endpoints that were deregistered on purpose from those that were lost, which look the same in etcd's events: when a lease ends
 * its keys are deleted. So a key was deleted on purpose if its lease lives on, or if it had none. Keys of several leases that vanish in
 * one revision are the work of somebody who deleted a range, not of servers that left; they count as lost.
 *
 * <p>A lease that is gone may have run out or have been revoked: such an endpoint counts as lost. It also does where etcd does not say,
 * and where more were deleted than are worth a question each. For the loop's thread.
 */
final class Departures {

    /** How many leases are asked for, at most, within {@link #WINDOW}. */
    static final int MOST_QUESTIONS = 50;

    static final Duration WINDOW = Duration.ofSeconds(15);

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final Consumer<Endpoint> deregistered;
    private final Deque<Long> askedAt = new ArrayDeque<>();

    /** What was deleted in one revision, and what in those before it was deleted alone. */
    private final List<EndpointTable.Deleted> together = new ArrayList<>();

    private final List<EndpointTable.Deleted> suspicious = new ArrayList<>();
    private long revision;

    /**
     * Creates it.
     *
     * @param deregistered is told of each endpoint that was deregistered on purpose
     */
    Departures(EtcdLoop loop, EtcdApi api, Consumer<Endpoint> deregistered) {
        this.loop = loop;
        this.api = api;
        this.deregistered = deregistered;
    }

    /** Begins with the changes that came together. */
    void begin() {
        together.clear();
        suspicious.clear();
    }

    /** Takes a change's revision, in the order in which they came, and which endpoint it took away. */
    void note(long at, EndpointTable.@Nullable Deleted deleted) {
        if (at != revision) {
            endRevision();
            revision = at;
        }
        if (deleted != null && deleted.endpoint().state() == Endpoint.State.DRAINING) {
            deregistered.accept(deleted.endpoint()); // whether a list has shown it so or not
        } else if (deleted != null) {
            together.add(deleted);
        }
    }

    /** Tells of those that left, at once or as soon as etcd has answered. */
    void judge() {
        endRevision();
        for (EndpointTable.Deleted each : suspicious) {
            if (each.lease() == 0) {
                deregistered.accept(each.endpoint());
            } else if (mayAsk()) {
                loop.when(
                        api.timeToLiveIfAllowed(each.lease()),
                        left -> {
                            // 0: it ends just now, as far as the member knows that answers
                            if (left.remaining().toSeconds() > 0) {
                                deregistered.accept(each.endpoint());
                            }
                        },
                        failure -> {});
            }
        }
    }

    private void endRevision() {
        boolean ofOneServer = together.stream()
                        .mapToLong(EndpointTable.Deleted::lease)
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
