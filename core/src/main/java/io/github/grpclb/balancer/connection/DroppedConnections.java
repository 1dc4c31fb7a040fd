package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Internal;
import io.grpc.LoadBalancer.Helper;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.SynchronizationContext.ScheduledHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Connections that a channel has given up and that gRPC has not closed yet. It closes them 5 s later, for the sake of calls that have
 * just picked them, and a channel that ends would wait for that. Once it ends no call can pick any more; told so again, gRPC
 * closes them at once ({@code ManagedChannelImpl.SubchannelImpl.shutdown()}, grpc-java 1.84). Confined to the synchronization context.
 */
@Internal
public final class DroppedConnections {

    /** A little more than gRPC's delay. */
    public static final long REMEMBERED_MILLIS = 5_500;

    private final Helper helper;
    private List<Subchannel> recent = new ArrayList<>();
    private List<Subchannel> older = List.of();
    private @Nullable ScheduledHandle aging;
    private boolean ended;

    DroppedConnections(Helper helper) {
        this.helper = helper;
    }

    /** Notes connections that have been shut down just now. */
    void add(List<Subchannel> dropped) {
        if (ended) {
            return;
        }
        recent.addAll(dropped);
        if (aging == null && !recent.isEmpty()) {
            age();
        }
    }

    /** Has gRPC close what it has not closed yet; nothing is noted any more, since what is shut down from now on is closed at once. */
    void channelEnds() {
        ended = true;
        older.forEach(Subchannel::shutdown);
        recent.forEach(Subchannel::shutdown);
        recent.clear();
        older = List.of();
        if (aging != null) {
            aging.cancel();
            aging = null;
        }
    }

    /** Two generations: what is dropped stays for one to two of these times, and one timer serves all. */
    private void age() {
        aging = helper.getSynchronizationContext()
                .schedule(this::onAged, REMEMBERED_MILLIS, TimeUnit.MILLISECONDS, helper.getScheduledExecutorService());
    }

    private void onAged() {
        older = recent;
        recent = new ArrayList<>();
        aging = null;
        if (!older.isEmpty()) {
            age();
        }
    }
}
