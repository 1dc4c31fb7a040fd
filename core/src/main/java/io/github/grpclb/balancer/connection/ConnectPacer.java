package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Internal;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.Helper;
import io.grpc.SynchronizationContext.ScheduledHandle;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets new children connect a few at a time. Calls share the event loops with the attempts to connect: ten thousand at once, most of
 * them to servers that are dead, would make the calls to those that live wait for seconds. An attempt that is not answered holds
 * its place for a moment only, or servers that swallow packets would keep the others waiting.
 *
 * <p>Lists of no more than {@link #AT_ONCE} new endpoints notice nothing. Confined to the synchronization context.
 */
@Internal
public final class ConnectPacer {

    /** How many attempts are under way at most. */
    public static final int AT_ONCE = 100;

    /** How long an attempt that is not answered counts. */
    public static final long PATIENCE_MILLIS = 250;

    private final Helper helper;
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private final Set<EndpointChild> underWay = new HashSet<>();
    private @Nullable ScheduledHandle patience;

    ConnectPacer(Helper helper) {
        this.helper = helper;
    }

    private record Waiting(EndpointChild child, Attributes attributes) {}

    /** Lets a child connect, now or when it is its turn. */
    void connect(EndpointChild child, Attributes attributes) {
        waiting.add(new Waiting(child, attributes));
        connectNext();
    }

    /** Notes that a child's state changed. */
    void changed(EndpointChild child) {
        if (child.state() != ConnectivityState.CONNECTING && underWay.remove(child)) {
            connectNext();
        }
    }

    /** Gives the places of children that are given up to others, none of which is among them. */
    void forget(Collection<EndpointChild> givenUp) {
        if (!givenUp.isEmpty()) {
            Set<EndpointChild> gone = new HashSet<>(givenUp);
            waiting.removeIf(next -> gone.contains(next.child));
            underWay.removeAll(gone);
            connectNext();
        }
    }

    /** Forgets all. */
    void clear() {
        waiting.clear();
        underWay.clear();
        stopWaiting();
    }

    private void connectNext() {
        while (underWay.size() < AT_ONCE && !waiting.isEmpty()) {
            Waiting next = waiting.remove();
            underWay.add(next.child);
            next.child.connect(next.attributes);
        }
        if (waiting.isEmpty()) {
            stopWaiting();
        } else if (patience == null || !patience.isPending()) {
            patience = helper.getSynchronizationContext()
                    .schedule(
                            this::waitNoLonger,
                            PATIENCE_MILLIS,
                            TimeUnit.MILLISECONDS,
                            helper.getScheduledExecutorService());
        }
    }

    private void waitNoLonger() {
        underWay.clear();
        connectNext();
    }

    private void stopWaiting() {
        if (patience != null) {
            patience.cancel();
            patience = null;
        }
    }
}
