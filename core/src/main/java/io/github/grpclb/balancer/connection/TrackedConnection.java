package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoad;
import io.grpc.ClientStreamTracer;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import org.jspecify.annotations.Nullable;

/** Adds our tracer to what a connection's own picker answers. It answers the same for every call, so a pick allocates nothing. */
final class TrackedConnection extends SubchannelPicker {

    private final SubchannelPicker connection;
    private final CallTracer.Source tracers;

    /** Written without a barrier: all threads may see one of several, each of which is complete and right. */
    private Tracked last = new Tracked(PickResult.withNoResult(), PickResult.withNoResult());

    private TrackedConnection(SubchannelPicker connection, CallTracer.Source tracers) {
        this.connection = connection;
        this.tracers = tracers;
    }

    /**
     * Returns a picker that picks as the given one does, and has the calls tracked that go to the endpoint.
     *
     * @param use is marked with each call; null where nobody asks
     */
    static TrackedConnection of(
            SubchannelPicker connection,
            CallTracking tracking,
            Endpoint endpoint,
            EndpointLoad load,
            @Nullable ConnectionUse use) {
        return new TrackedConnection(connection, new CallTracer.Source(tracking, endpoint, load, use));
    }

    /** Returns what every pick will answer, or null where that cannot be known. */
    @Nullable
    PickResult fixedAnswer() {
        // the one picker of gRPC that does not look at the call
        return connection instanceof FixedResultPicker fixed ? tracked(fixed.pickSubchannel(null)) : null;
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        PickResult raw = connection.pickSubchannel(call);
        Tracked known = last;
        if (known.raw == raw) {
            return known.tracked;
        }
        PickResult tracked = tracked(raw);
        last = new Tracked(raw, tracked);
        return tracked;
    }

    private PickResult tracked(PickResult raw) {
        if (raw.getSubchannel() == null) {
            return raw;
        }
        // the connection's own tracers, such as those of an outlier detection below us, go on
        ClientStreamTracer.@Nullable Factory own = raw.getStreamTracerFactory();
        return raw.copyWithStreamTracerFactory(own == null ? tracers : tracers.over(own));
    }

    private record Tracked(PickResult raw, PickResult tracked) {}
}
