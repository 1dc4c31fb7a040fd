package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.LbConfig.ServerIdMode;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.EndpointStates;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.connection.PickObserver.Delay;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.policy.RoutingKeys;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sends a call that is bound to a server to that server, and leaves all others to the next picker. Immutable. */
@Internal
public final class RoutingPicker extends SubchannelPicker {

    private final ServerIdMode mode;
    private final Metadata.@Nullable Key<String> header;
    private final ServerIds serverIds;
    private final List<EndpointCandidate> known;
    private final CallTracking tracking;
    private final SubchannelPicker others;
    private final boolean someReady;

    public RoutingPicker(
            LbConfig config,
            CallTracking tracking,
            ServerIds serverIds,
            List<EndpointCandidate> known,
            SubchannelPicker others) {
        this.tracking = tracking;
        this.mode = config.serverIdMode();
        this.header = config.serverIdHeader();
        this.serverIds = serverIds;
        this.known = known;
        this.others = others;
        this.someReady = tracking.observer() != null && known.stream().anyMatch(EndpointCandidate::isReady);
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        String id = serverId(call);
        PickResult result = id == null ? others.pickSubchannel(call) : pickServer(id, call);
        if (!result.hasResult()) {
            tracking.pickDelayed(
                    known.get(0).endpoint().service(), id != null || someReady ? Delay.BOUND : Delay.CONNECTING);
        }
        return result;
    }

    private PickResult pickServer(String id, PickSubchannelArgs call) {
        EndpointCandidate server = serverIds.find(id, known);
        return mode == ServerIdMode.STRICT ? strictly(id, server, call) : preferably(server, call);
    }

    /**
     * Where a call goes that is bound to a server.
     *
     * @param says in words
     * @param ends whether the steps have no part in it
     */
    public record Bound(String says, boolean ends) {}

    /** Says where a call goes that is bound to a server; null for one that is not. Changes nothing. */
    @Nullable
    public Bound bound(PickSubchannelArgs call) {
        String id = serverId(call);
        if (id == null) {
            return null;
        }
        EndpointCandidate server = serverIds.find(id, known);
        String says = "server_id " + id + ": " + mode.name().toLowerCase(Locale.ROOT) + ", "
                + (server == null
                        ? "no such server"
                        : server.endpoint().address() + " (" + EndpointStates.of(server, Set.of()) + ")");
        return mode == ServerIdMode.STRICT || isFit(server)
                ? new Bound(says, true)
                : new Bound(says + ", so any server may have the call", false);
    }

    private @Nullable String serverId(PickSubchannelArgs call) {
        String id = call.getCallOptions().getOption(RoutingKeys.SERVER_ID);
        if (id == null && header != null) {
            id = call.getHeaders().get(header);
        }
        return id == null || id.isBlank() ? null : id;
    }

    /** A server that drains or is disabled still serves what is bound to it: it holds the state. */
    private PickResult strictly(String id, @Nullable EndpointCandidate server, PickSubchannelArgs call) {
        if (server == null) {
            pickFailed();
            // a drop: neither wait-for-ready nor a retry would bring the server
            return PickResult.withDrop(Status.UNAVAILABLE.withDescription(noReadyEndpoint(id)));
        }
        PickResult result = server.connect(call);
        if (server.state() != ConnectivityState.TRANSIENT_FAILURE) {
            return result;
        }
        pickFailed();
        return server.failed(noReadyEndpoint(id), result);
    }

    private PickResult preferably(@Nullable EndpointCandidate server, PickSubchannelArgs call) {
        return server != null && isFit(server) ? server.connect(call) : others.pickSubchannel(call);
    }

    /** Says whether a call that need not go to a server is to go there. */
    private static boolean isFit(@Nullable EndpointCandidate server) {
        return server != null && server.isStaying() && !server.isFailing();
    }

    private void pickFailed() {
        tracking.pickFailed(known.get(0).endpoint().service(), PickObserver.Failure.SERVER_ID);
    }

    private String noReadyEndpoint(String id) {
        long ready = known.stream().filter(EndpointCandidate::isReady).count();
        return "server_id: no ready endpoint with id '" + id + "' (" + ready + " ready of " + known.size() + " known)";
    }
}
