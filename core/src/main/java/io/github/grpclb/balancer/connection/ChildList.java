package io.github.grpclb.balancer.connection;

import io.github.grpclb.balancer.connection.EndpointChild.Standing;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.Unlisted;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.Helper;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The children of a balancer: those of the resolver's list in its order, then the suspects. Beside them stand the children of
 * endpoints that are missing from the list, which take no part. Of both, suspects and missing, only those are here whose
 * connection is ready. Confined to the synchronization context.
 */
@Internal
public final class ChildList {

    private final Helper helper;
    private final CallTracking tracking;
    private final Listener listener;
    private final ConnectPacer pacer;
    private final DroppedConnections dropped;
    private final LoadBalancerProvider pickFirst = Objects.requireNonNull(
            LoadBalancerRegistry.getDefaultRegistry().getProvider("pick_first"), "gRPC's own pick_first");
    private final StateCounts all = new StateCounts();
    private final StateCounts disabled = new StateCounts();
    private int disabledChildren;
    private List<EndpointChild> children = List.of();
    private List<EndpointChild> missing = List.of();
    private Attributes attributes = Attributes.EMPTY;
    private EndpointChild.@Nullable Membership membership;
    private boolean anySpare;

    public ChildList(Helper helper, CallTracking tracking, Listener listener) {
        this.helper = helper;
        this.tracking = tracking;
        this.listener = listener;
        this.pacer = new ConnectPacer(helper);
        this.dropped = new DroppedConnections(helper);
    }

    /** Hears of children that changed by themselves. */
    public interface Listener {

        /** A child's {@link EndpointChild#candidate()} changed. */
        void onChange();

        /** A suspect failed and is no child any more; it is shut down after this. */
        void onSuspectFailed();
    }

    /**
     * What an update leaves to do.
     *
     * @param removed to be shut down after a picker without them is published
     * @param suspected how many children have become suspects
     */
    public record Update(List<EndpointChild> removed, int suspected) {}

    /**
     * Takes a new list. Lists are compared by position as long as they run in step and from there on by address, so that the usual
     * update, another weight somewhere, costs one pass. A host name that leads elsewhere now is found by its name. Children whose
     * addresses stayed are not fed again: it would make calls hang where gRPC's own outlier detection stands around us (seen with 1.84).
     *
     * @param unlisted who is no longer listed; null where the resolver does not tell
     */
    public Update update(List<EquivalentAddressGroup> listed, @Nullable Unlisted unlisted, Attributes attributes) {
        this.attributes = attributes;
        List<EquivalentAddressGroup> groups = unlisted != null && unlisted.all()
                ? List.of()
                : ForeignAddresses.withEndpoints(listed, helper.getAuthority());
        int inStep = 0;
        boolean anyDisabled = disabledChildren > 0;
        while (inStep < groups.size()
                && inStep < children.size()
                && children.get(inStep).update(groups.get(inStep))) {
            anyDisabled |= children.get(inStep).isDisabled();
            inStep++;
        }
        if (inStep == groups.size() && inStep == children.size() && missing.isEmpty()) {
            if (anyDisabled) {
                countStates();
            }
            return new Update(List.of(), 0);
        }
        List<EndpointChild> removed = new ArrayList<>();
        Map<List<SocketAddress>, EndpointChild> rest = new HashMap<>();
        for (EndpointChild child : restFrom(inStep)) {
            if (rest.putIfAbsent(child.addresses(), child) != null) {
                removed.add(child);
            }
        }
        ByHostName moved = new ByHostName();
        List<EndpointChild> next = new ArrayList<>(groups.size());
        next.addAll(children.subList(0, inStep));
        for (EquivalentAddressGroup group : groups.subList(inStep, groups.size())) {
            EndpointChild child = rest.get(group.getAddresses());
            if (child == null) {
                child = moved.find(group, rest);
            }
            List<SocketAddress> before = child == null ? List.of() : child.addresses();
            if (child != null && child.update(group)) {
                rest.remove(before);
            } else {
                child = new EndpointChild(helper, pickFirst, tracking, dropped, group, this::onChildChange);
                if (membership == null) {
                    pacer.connect(child, attributes);
                } else {
                    child.setMembership(membership);
                    child.setMember(false);
                    child.sleep();
                }
            }
            next.add(child);
        }
        int suspected = 0;
        List<EndpointChild> nextMissing = new ArrayList<>();
        if (unlisted != null) {
            suspected = keep(unlisted.suspects(), Standing.SUSPECT, rest, next);
            keep(unlisted.missing(), Standing.MISSING, rest, nextMissing);
        }
        removed.addAll(rest.values());
        pacer.forget(removed);
        children = next;
        missing = nextMissing;
        countStates();
        return new Update(removed, suspected);
    }

    /**
     * Has only some of the children connected from now on, as {@link #keep} says, or with null all of them. Those that are
     * connected stay so until {@link #sleepUnused}.
     */
    public void setMembership(EndpointChild.@Nullable Membership newMembership) {
        if (newMembership == membership) {
            return;
        }
        membership = newMembership;
        for (EndpointChild child : restFrom(0)) {
            child.setMembership(newMembership);
            if (newMembership == null) {
                child.setMember(true);
                if (child.isAsleep()) {
                    wake(child);
                }
            }
        }
    }

    /** Connects to these, and lets the others go when they are not used. */
    public void keep(Set<ConnectionUse> members) {
        anySpare = false;
        for (EndpointChild child : children) {
            boolean isMember = members.contains(child.use());
            child.setMember(isMember);
            if (isMember && child.isAsleep()) {
                wake(child);
            }
            anySpare |= isSpare(child);
        }
    }

    /** Connects to one. */
    public void wake(EndpointChild child) {
        child.wake();
        count(child, child.state(), 1);
        anySpare |= isSpare(child);
        pacer.connect(child, attributes);
    }

    /** Says whether there may be something for {@link #sleepUnused}, now or later. */
    public boolean hasSpares() {
        return anySpare;
    }

    /**
     * Gives up the connections of those that are not kept and were not used since the last time.
     *
     * @return closes them, to be run after a picker without them is published
     */
    public List<Runnable> sleepUnused() {
        List<Runnable> closing = new ArrayList<>();
        List<EndpointChild> slept = new ArrayList<>();
        for (EndpointChild child : children) {
            if (isSpare(child) && !child.isInUse()) {
                count(child, child.state(), -1);
                closing.add(child.sleep());
                slept.add(child);
            }
        }
        pacer.forget(slept);
        return closing;
    }

    private static boolean isSpare(EndpointChild child) {
        return !child.isMember() && !child.isAsleep() && child.standing() == Standing.LISTED;
    }

    /** Gives all children up; returns them, to be shut down. */
    public List<EndpointChild> clear() {
        pacer.clear();
        List<EndpointChild> all = restFrom(0);
        children = List.of();
        missing = List.of();
        countStates();
        return all;
    }

    public boolean isEmpty() {
        return children.isEmpty();
    }

    /**
     * Returns the best state that a child has; {@link ConnectivityState#TRANSIENT_FAILURE} for none. What a disabled one has counts only
     * where all are: no new call goes there.
     */
    public ConnectivityState state() {
        StateCounts without = disabledChildren < children.size() ? disabled : StateCounts.NONE;
        int[] countByState = new int[ConnectivityState.values().length];
        for (ConnectivityState state : ConnectivityState.values()) {
            countByState[state.ordinal()] = all.of(state) - without.of(state);
        }
        return EndpointStates.ofChannel(countByState, children.isEmpty());
    }

    private void count(EndpointChild child, ConnectivityState state, int more) {
        all.add(state, more);
        if (child.isDisabled()) {
            disabled.add(state, more);
        }
    }

    /** Returns all children as they are now. */
    public List<EndpointCandidate> candidates() {
        List<EndpointCandidate> candidates = new ArrayList<>(children.size());
        for (EndpointChild child : children) {
            candidates.add(child.candidate());
        }
        return candidates;
    }

    /** Has those that could not be reached be dialled anew with the next list, whatever their back-off. */
    public void outdateFailed() {
        children.forEach(EndpointChild::outdateIfFailed);
    }

    public void requestConnections() {
        children.forEach(EndpointChild::requestConnection);
    }

    public void shutdown() {
        dropped.channelEnds();
        clear().forEach(EndpointChild::shutdown);
    }

    /** Finds the child of a host name whose addresses have changed. No list without such names pays for it. */
    private static final class ByHostName {

        private @Nullable Map<String, EndpointChild> children;

        @Nullable
        EndpointChild find(EquivalentAddressGroup group, Map<List<SocketAddress>, EndpointChild> rest) {
            Endpoint endpoint = group.getAttributes().get(EndpointAttributes.ENDPOINT);
            if (endpoint == null || !isName(endpoint.host())) {
                return null;
            }
            Map<String, EndpointChild> byAddress = children;
            if (byAddress == null) {
                byAddress = new HashMap<>();
                for (EndpointChild child : rest.values()) {
                    byAddress.put(child.address(), child);
                }
                children = byAddress;
            }
            EndpointChild child = byAddress.remove(endpoint.address());
            return child != null && rest.get(child.addresses()) == child ? child : null; // or it is taken already
        }

        private static boolean isName(String host) {
            return host.indexOf(':') < 0 && host.chars().anyMatch(Character::isLetter);
        }
    }

    private List<EndpointChild> restFrom(int position) {
        List<EndpointChild> rest = new ArrayList<>(children.subList(position, children.size()));
        rest.addAll(missing);
        return rest;
    }

    /** Moves those of the groups that have a ready connection; returns how many of them stood otherwise before. */
    private static int keep(
            List<EquivalentAddressGroup> groups,
            Standing standing,
            Map<List<SocketAddress>, EndpointChild> from,
            List<EndpointChild> to) {
        int changed = 0;
        for (EquivalentAddressGroup group : groups) {
            EndpointChild child = from.get(group.getAddresses());
            if (child != null && child.isReady()) {
                from.remove(group.getAddresses());
                changed += child.standing() == standing ? 0 : 1;
                child.update(group, standing);
                to.add(child);
            }
        }
        return changed;
    }

    private void countStates() {
        all.clear();
        disabled.clear();
        disabledChildren = 0;
        for (EndpointChild child : children) {
            disabledChildren += child.isDisabled() ? 1 : 0;
            count(child, child.state(), child.isAsleep() ? 0 : 1);
        }
    }

    private void onChildChange(EndpointChild child, ConnectivityState before) {
        pacer.changed(child);
        if (child.standing() == Standing.MISSING) {
            if (!child.isReady()) {
                missing = without(child, missing);
                shutdownLater(child);
            }
        } else if (child.standing() == Standing.SUSPECT && !child.isReady()) {
            count(child, before, -1);
            children = without(child, children);
            disabledChildren -= child.isDisabled() ? 1 : 0;
            listener.onSuspectFailed();
            shutdownLater(child);
        } else {
            count(child, before, -1);
            count(child, child.state(), 1);
            listener.onChange();
        }
    }

    private static List<EndpointChild> without(EndpointChild child, List<EndpointChild> from) {
        List<EndpointChild> rest = new ArrayList<>(from);
        rest.remove(child);
        return rest;
    }

    /** How many children are in which state. */
    private static final class StateCounts {

        private static final StateCounts NONE = new StateCounts();

        private final int[] counts = new int[ConnectivityState.values().length];

        int of(ConnectivityState state) {
            return counts[state.ordinal()];
        }

        void add(ConnectivityState state, int more) {
            counts[state.ordinal()] += more;
        }

        void clear() {
            Arrays.fill(counts, 0);
        }
    }

    /** The child is in the middle of telling. */
    private void shutdownLater(EndpointChild child) {
        child.ignoreChanges();
        helper.getSynchronizationContext().execute(child::shutdown);
    }
}
