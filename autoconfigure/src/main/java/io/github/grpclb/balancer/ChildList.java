package io.github.grpclb.balancer;

import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.Helper;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.Status;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The children of a balancer, in the order of the resolver's list. Confined to the synchronization context. */
final class ChildList {

    private static final List<ConnectivityState> BEST_FIRST =
            List.of(ConnectivityState.READY, ConnectivityState.CONNECTING, ConnectivityState.IDLE);

    private final Helper helper;
    private final CallTracking tracking;
    private final Runnable onChange;
    private final LoadBalancerProvider pickFirst = Objects.requireNonNull(
            LoadBalancerRegistry.getDefaultRegistry().getProvider("pick_first"), "gRPC's own pick_first");
    private final int[] countByState = new int[ConnectivityState.values().length];
    private List<EndpointChild> children = List.of();

    /**
     * Creates an empty list.
     *
     * @param onChange called when a child's {@link EndpointChild#candidate()} changed by itself
     */
    ChildList(Helper helper, CallTracking tracking, Runnable onChange) {
        this.helper = helper;
        this.tracking = tracking;
        this.onChange = onChange;
    }

    /**
     * What an update leaves to do.
     *
     * @param removed to be shut down after a picker without them is published
     * @param status not OK if a new child refused its address
     */
    record Update(List<EndpointChild> removed, Status status) {}

    /**
     * Takes a new list. Lists are compared by position as long as they run in step and from there on by address, so that the usual
     * update, another weight somewhere, costs one pass. Children whose addresses stayed are not fed again: it would make calls hang
     * where gRPC's own outlier detection stands around us (seen with 1.84).
     */
    Update update(List<EquivalentAddressGroup> groups, Attributes attributes) {
        int inStep = 0;
        while (inStep < groups.size()
                && inStep < children.size()
                && children.get(inStep).update(groups.get(inStep))) {
            inStep++;
        }
        if (inStep == groups.size() && inStep == children.size()) {
            return new Update(List.of(), Status.OK);
        }
        List<EndpointChild> removed = new ArrayList<>();
        Map<List<SocketAddress>, EndpointChild> rest = new HashMap<>();
        for (EndpointChild child : children.subList(inStep, children.size())) {
            if (rest.putIfAbsent(child.addresses(), child) != null) {
                removed.add(child);
            }
        }
        Status status = Status.OK;
        List<EndpointChild> next = new ArrayList<>(groups.size());
        next.addAll(children.subList(0, inStep));
        for (EquivalentAddressGroup group : groups.subList(inStep, groups.size())) {
            EndpointChild child = rest.remove(group.getAddresses());
            if (child == null) {
                child = new EndpointChild(helper, pickFirst, tracking, group, this::onChildChange);
                countByState[child.state().ordinal()]++;
                Status accepted = child.connect(attributes);
                status = accepted.isOk() ? status : accepted;
            } else {
                child.update(group);
            }
            next.add(child);
        }
        removed.addAll(rest.values());
        removed.forEach(child -> countByState[child.state().ordinal()]--);
        children = next;
        return new Update(removed, status);
    }

    boolean isEmpty() {
        return children.isEmpty();
    }

    /** Returns the best state that a child has; {@link ConnectivityState#TRANSIENT_FAILURE} for none. */
    ConnectivityState state() {
        for (ConnectivityState state : BEST_FIRST) {
            if (countByState[state.ordinal()] > 0) {
                return state;
            }
        }
        return ConnectivityState.TRANSIENT_FAILURE;
    }

    /** Returns all children as they are now. */
    List<EndpointCandidate> candidates() {
        List<EndpointCandidate> candidates = new ArrayList<>(children.size());
        for (EndpointChild child : children) {
            candidates.add(child.candidate());
        }
        return candidates;
    }

    void requestConnections() {
        children.forEach(EndpointChild::requestConnection);
    }

    void shutdown() {
        children.forEach(EndpointChild::shutdown);
        children = List.of();
    }

    private void onChildChange(ConnectivityState before, ConnectivityState now) {
        countByState[before.ordinal()]--;
        countByState[now.ordinal()]++;
        onChange.run();
    }
}
