package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.Unlisted;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.Helper;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.LoadBalancerProvider;
import io.grpc.util.ForwardingLoadBalancerHelper;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint and its connection, which a {@code pick_first} of its own keeps. An endpoint that is no longer listed is not connected
 * to again. Confined to the synchronization context.
 */
@Internal
public final class EndpointChild {

    /** What the endpoints of a channel that connects to a subset of them have in common. */
    public interface Membership {

        /** Returns where an address stands in the channel's order. */
        long rank(String address);

        /** Hears, in the synchronization context, of an endpoint that is asleep and that a call wants. */
        void wanted(EndpointChild child);
    }

    /** How an endpoint stands with the registry; see {@link Unlisted}. */
    enum Standing {
        LISTED,
        SUSPECT,
        MISSING
    }

    private static final SubchannelPicker NOT_CONNECTED =
            new FixedResultPicker(DelayedPick.connecting("the endpoint is not connected yet"));

    private final Helper helper;
    private final LoadBalancerProvider pickFirst;
    private final Listener listener;
    private final CallTracking tracking;
    private final DroppedConnections dropped;
    private final ConnectionUse use = new ConnectionUse();
    private @Nullable ChildHelper connection;
    private @Nullable Membership membership;
    private boolean member = true;
    private boolean asleep;

    /** Whether it has been neither ready nor failing since it began to connect. */
    private boolean isFirstAttempt = true;

    private EquivalentAddressGroup group;
    private Endpoint endpoint;
    private EndpointLoad load;
    private Standing standing = Standing.LISTED;
    private ConnectivityState state = ConnectivityState.CONNECTING;
    private SubchannelPicker picker = NOT_CONNECTED;
    private @Nullable EndpointCandidate candidate;
    private @Nullable Attributes fedWith;
    private boolean closed;
    private boolean outdated;
    private long stateSince;
    private long suspectSince;
    private int failures;
    private long lastFailure;

    /**
     * Creates a child in state {@link ConnectivityState#CONNECTING} that does nothing yet.
     *
     * @param dropped learns of its connections when it is shut down
     * @param listener hears when {@link #candidate()} changed by itself
     */
    EndpointChild(
            Helper helper,
            LoadBalancerProvider pickFirst,
            CallTracking tracking,
            DroppedConnections dropped,
            EquivalentAddressGroup group,
            Listener listener) {
        this.helper = helper;
        this.pickFirst = pickFirst;
        this.listener = listener;
        this.dropped = dropped;
        this.tracking = tracking;
        this.group = group;
        this.endpoint = endpointOf(group);
        this.load = tracking.loads().acquire(endpoint.identity());
        this.stateSince = nanoTime();
    }

    /** Makes it connect. Once is enough: it feeds itself what becomes of its addresses. */
    void connect(Attributes attributes) {
        if (closed || asleep) {
            return;
        }
        fedWith = attributes;
        ChildHelper to = connection;
        if (to == null) {
            to = new ChildHelper();
            connection = to;
        }
        to.balancer.acceptResolvedAddresses(ResolvedAddresses.newBuilder()
                .setAddresses(List.of(group))
                .setAttributes(attributes)
                .build());
    }

    /**
     * Takes what the registry says now, if this connection will do for it: it is not told, as it need not know. It will not do for
     * other addresses, unless it is ready and a host name has been looked up again: it is told then, and goes on while its own address is
     * among them. Nor will it do, unless it is ready, for a server that registered anew since: gRPC may wait for two minutes before it
     * dials that address again, for what it saw of the server before.
     *
     * @return false if the endpoint needs another child; this one is then as before
     */
    boolean update(EquivalentAddressGroup newGroup) {
        return update(newGroup, Standing.LISTED);
    }

    /** Takes the same, for an endpoint that may be listed no more. */
    boolean update(EquivalentAddressGroup newGroup, Standing newStanding) {
        Endpoint newEndpoint = newGroup == group ? endpoint : endpointOf(newGroup);
        boolean moved = newGroup != group && !newGroup.getAddresses().equals(group.getAddresses());
        if (moved && !(isReady() && isSameHost(newEndpoint))) {
            return false;
        }
        if (!asleep && !isReady() && (outdated || isRegisteredAnew(newEndpoint))) {
            return false;
        }
        if (newStanding != standing) {
            standing = newStanding;
            suspectSince = nanoTime();
            candidate = null;
        }
        if (newGroup == group) {
            return true;
        }
        group = newGroup;
        if (moved && fedWith != null) {
            connect(fedWith);
        }
        if (!newEndpoint.equals(endpoint)) {
            endpoint = newEndpoint;
            candidate = null;
            followLoad();
        }
        return true;
    }

    /** Has another child take its place with the next list, where its server could not be reached. */
    void outdateIfFailed() {
        outdated = state == ConnectivityState.TRANSIENT_FAILURE;
    }

    /** Returns where the endpoint is, as the registry says it. */
    String address() {
        return endpoint.address();
    }

    private boolean isSameHost(Endpoint other) {
        return endpoint.port() == other.port() && endpoint.host().equals(other.host());
    }

    List<SocketAddress> addresses() {
        return group.getAddresses();
    }

    Standing standing() {
        return standing;
    }

    ConnectivityState state() {
        return state;
    }

    /** Says whether an operator wants it to take no new calls. */
    boolean isDisabled() {
        return endpoint.state() == Endpoint.State.DISABLED;
    }

    boolean isReady() {
        return state == ConnectivityState.READY;
    }

    /** Returns it as it is now; the same object until something about it changes. */
    EndpointCandidate candidate() {
        EndpointCandidate current = candidate;
        if (current == null) {
            current = new EndpointCandidate(
                    endpoint,
                    endpoint.weight(),
                    load,
                    state,
                    standing == Standing.SUSPECT,
                    asleep ? new WakingPicker(this::wanted) : tracked(),
                    place(),
                    new Since(stateSince, suspectSince, attempts(), lastFailure));
            candidate = current;
        }
        return current;
    }

    private int attempts() {
        int addresses = group.getAddresses().size();
        return (failures + addresses - 1) / addresses;
    }

    private SubchannelPicker tracked() {
        return TrackedConnection.of(picker, tracking, endpoint, load, membership == null || member ? null : use);
    }

    private @Nullable SubsetPlace place() {
        Membership of = membership;
        return of == null
                ? null
                : new SubsetPlace(
                        use,
                        of.rank(endpoint.address()),
                        member,
                        asleep,
                        asleep || (isFirstAttempt && !isReady() && state != ConnectivityState.TRANSIENT_FAILURE));
    }

    /** On the thread of a call. */
    private void wanted() {
        use.mark();
        Membership of = membership;
        if (of != null) {
            helper.getSynchronizationContext().execute(() -> of.wanted(this));
        }
    }

    /** Has it take part in a subset from now on, or, with null, no more. */
    void setMembership(@Nullable Membership newMembership) {
        if (newMembership != membership) {
            membership = newMembership;
            candidate = null;
        }
    }

    /** Says whether it is to be connected whatever calls there are. */
    boolean isMember() {
        return member;
    }

    void setMember(boolean newMember) {
        if (newMember != member) {
            member = newMember;
            candidate = null;
            use.mark();
        }
    }

    public boolean isAsleep() {
        return asleep;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Whether calls went there of late. */
    ConnectionUse use() {
        return use;
    }

    boolean isInUse() {
        return use.take() || load.inFlight() > 0;
    }

    /** Lets it be connected to; {@link #connect} does so. */
    void wake() {
        asleep = false;
        isFirstAttempt = true;
        failures = 0;
        state = ConnectivityState.CONNECTING;
        stateSince = nanoTime();
        candidate = null;
        use.mark();
    }

    /**
     * Gives the connection up until a call wants one.
     *
     * @return closes what it had, to be run after a picker without it is published
     */
    Runnable sleep() {
        ChildHelper had = connection;
        connection = null;
        asleep = true;
        state = ConnectivityState.IDLE;
        stateSince = nanoTime();
        picker = NOT_CONNECTED;
        candidate = null;
        return had == null ? () -> {} : had::close;
    }

    void requestConnection() {
        if (connection != null) {
            connection.balancer.requestConnection();
        }
    }

    /** Makes it tell nothing any more. */
    void ignoreChanges() {
        closed = true;
    }

    public void shutdown() {
        closed = true;
        if (connection != null) {
            connection.close();
        }
        tracking.loads().release(load);
    }

    /** Another process, or the same one under another key: whoever was lost and is put back is alive. */
    private boolean isRegisteredAnew(Endpoint newEndpoint) {
        return newEndpoint.createRevision() != endpoint.createRevision()
                || !newEndpoint.identity().equals(endpoint.identity());
    }

    /** Another server on the same address has a load of its own. */
    private void followLoad() {
        Endpoint.Identity identity = endpoint.identity();
        if (!identity.equals(load.identity())) {
            tracking.loads().release(load);
            load = tracking.loads().acquire(identity);
            noteReady();
        }
    }

    private void noteReady() {
        if (isReady()) {
            load.ready(nanoTime());
        }
    }

    private long nanoTime() {
        return tracking.loads().nanoTime().getAsLong();
    }

    private void onState(ChildHelper from, ConnectivityState newState, SubchannelPicker newPicker) {
        if (closed || from != connection) {
            return;
        }
        // that a failure lasts until the server is ready, pick_first sees to
        if (newState != state || !newPicker.equals(picker)) {
            ConnectivityState before = state;
            stateSince = newState == before ? stateSince : nanoTime();
            state = newState;
            picker = newPicker;
            candidate = null;
            countFailure();
            isFirstAttempt &= newState != ConnectivityState.READY && newState != ConnectivityState.TRANSIENT_FAILURE;
            noteReady();
            listener.onChange(this, before);
        }
        if (newState == ConnectivityState.IDLE && standing == Standing.LISTED) {
            from.balancer.requestConnection();
        }
    }

    private void countFailure() {
        if (state == ConnectivityState.TRANSIENT_FAILURE) {
            failures++;
            lastFailure = nanoTime();
        } else if (isReady()) {
            failures = 0;
        }
    }

    private static Endpoint endpointOf(EquivalentAddressGroup from) {
        return Objects.requireNonNull(from.getAttributes().get(EndpointAttributes.ENDPOINT));
    }

    /** Hears of a child. */
    @FunctionalInterface
    interface Listener {
        void onChange(EndpointChild child, ConnectivityState before);
    }

    private final class ChildHelper extends ForwardingLoadBalancerHelper {

        private final List<Subchannel> subchannels = new ArrayList<>(1);
        private final LoadBalancer balancer = pickFirst.newLoadBalancer(this);

        @Override
        protected Helper delegate() {
            return helper;
        }

        void close() {
            balancer.shutdown();
            dropped.add(subchannels);
        }

        /** A {@code pick_first} has at most one to each address; of those it made before, it has closed the oldest. */
        @Override
        public Subchannel createSubchannel(CreateSubchannelArgs args) {
            Subchannel subchannel = helper.createSubchannel(args);
            if (subchannels.size() > 2 * group.getAddresses().size()) {
                subchannels.remove(0);
            }
            subchannels.add(subchannel);
            return subchannel;
        }

        @Override
        public void updateBalancingState(ConnectivityState newState, SubchannelPicker newPicker) {
            onState(this, newState, newPicker);
        }
    }
}
