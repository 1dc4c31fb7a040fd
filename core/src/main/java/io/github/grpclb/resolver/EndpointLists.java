package io.github.grpclb.resolver;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.hosts.HostLookup;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.discovery.stale.MassExpiryLog;
import io.github.grpclb.discovery.stale.Suspects;
import io.grpc.EquivalentAddressGroup;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes lists from the source's thread to an executor and makes addresses of them there, at last of the latest; those before it are
 * looked through for who drains and who vanishes. The source's thread only leaves behind what it brings. Host names are looked up
 * beside it, and the list is made again as the answers come. Thread-safe.
 */
final class EndpointLists implements EndpointListener {

    private static final Logger logger = LoggerFactory.getLogger(EndpointLists.class);

    /**
     * How long a list waits for host names that are new, at most: mostly that is long enough for all of them, and the balancer is
     * spared a list for each.
     */
    static final long FIRST_ANSWERS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final String target;
    private final Receiver receiver;
    private final LongSupplier nanoTime;
    private final SerialWork work;
    /**
     * Takes in lists, and who was deregistered between them, each at the time that it is given: the order says whether somebody who
     * vanished has left on purpose.
     */
    private final Queue<LongConsumer> arrived = new ConcurrentLinkedQueue<>();

    private volatile @Nullable String unavailable;
    private volatile boolean reachable = true;
    private volatile boolean lookupWanted;
    private volatile boolean hasHostNames;
    private volatile boolean closed;

    // only in the work
    private final HostNames hostNames;
    private final AddressGroups addressGroups;
    private final SameServers sameServers;
    private final Suspects suspects;
    private final MassExpiryLog massExpiryLog;
    private final Unlisted nothingUnlisted;
    private @Nullable EndpointSnapshot latest;
    private UnusedRecords refused = UnusedRecords.NONE;
    private UnusedRecords unused = UnusedRecords.NONE;
    private Status none;
    private boolean waits;
    private long waitsSince;

    EndpointLists(
            String target,
            Executor executor,
            Executor later,
            HostLookup lookup,
            Duration staleMax,
            LongSupplier nanoTime,
            Receiver receiver) {
        this.target = target;
        this.receiver = receiver;
        this.nanoTime = nanoTime;
        this.work = new SerialWork(executor, later, this::takeLatest);
        this.hostNames = new HostNames(lookup, executor, work::request);
        this.addressGroups = new AddressGroups(hostNames);
        this.sameServers = new SameServers(target);
        this.suspects = new Suspects(staleMax, nanoTime.getAsLong());
        this.massExpiryLog = new MassExpiryLog(target, staleMax);
        this.none = NoAddresses.noEndpoint(target);
        this.nothingUnlisted = new Unlisted(List.of(), List.of(), false, none);
    }

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        arrived.add(now -> take(snapshot, now));
        work.request();
    }

    @Override
    public void onUnavailable(String reason) {
        unavailable = reason;
        work.request();
    }

    @Override
    public void onDeregistered(Endpoint endpoint) {
        arrived.add(now -> suspects.deregistered(endpoint));
        work.request();
    }

    @Override
    public void onUnused(UnusedRecords records) {
        arrived.add(now -> refused(records));
        work.request();
    }

    @Override
    public void onReachable(boolean answers) {
        reachable = answers;
        work.request();
    }

    /** Says whether an endpoint of the last list has a host name. */
    boolean hasHostNames() {
        return hasHostNames;
    }

    /** Makes addresses of the latest list again, host names looked up anew. */
    void lookUpAgain() {
        lookupWanted = true;
        work.request();
    }

    /** Looks whether it is time for something: to give endpoints up that are no longer listed, or to go on with host names. */
    void lookAtTheTime() {
        work.request();
    }

    /** Lets nothing more be looked up. */
    void close() {
        closed = true;
    }

    private void takeLatest() {
        if (closed) {
            return;
        }
        long now = nanoTime.getAsLong();
        massExpiryLog.givenUp(suspects.elapse(now));
        for (LongConsumer next = arrived.poll(); next != null; next = arrived.poll()) {
            next.accept(now);
        }
        suspects.reachable(reachable, now);
        EndpointSnapshot snapshot = latest;
        if (snapshot == null) {
            String reason = unavailable;
            if (reason != null) {
                receiver.noListYet(reason);
            }
            return;
        }
        if (lookupWanted) {
            lookupWanted = false;
            hostNames.lookUpAgain();
        }
        Resolved resolved = resolve(snapshot, now);
        tellUnused();
        long nextNanos = Math.min(suspects.nextNanos(), hostNames.nextNanos());
        if (waitsForAnswers(resolved, now)) {
            long left = waitsSince + FIRST_ANSWERS_NANOS - now;
            receiver.noNewList(left > 0 ? Math.min(nextNanos, left) : nextNanos);
        } else {
            receiver.list(resolved, nextNanos);
        }
    }

    private void refused(UnusedRecords records) {
        if (!records.equals(refused)) {
            refused = records;
            // the same object as long as it says the same: a status equals no other
            none = NoAddresses.noEndpoint(target, records);
        }
    }

    /** Tells which records are not used, those among them whose host has no address. */
    private void tellUnused() {
        UnusedRecords now = refused.and(addressGroups.withoutAddress());
        if (!now.equals(unused)) {
            unused = now;
            receiver.unused(now);
        }
    }

    private void take(EndpointSnapshot snapshot, long now) {
        latest = snapshot;
        List<Endpoint> endpoints = snapshot.endpoints();
        massExpiryLog.suspected(suspects.take(endpoints, now), endpoints.size(), now);
    }

    /** Without any address it waits for as long as an answer may come: that it is slow does not mean that nobody is there. */
    private boolean waitsForAnswers(Resolved resolved, long now) {
        if (!hostNames.awaitsFirstAnswers()) {
            waits = false;
        } else if (!waits) {
            waits = true;
            waitsSince = now;
        } else if (now - waitsSince >= FIRST_ANSWERS_NANOS) {
            waits = !resolved.addresses.hasValue();
        }
        return waits;
    }

    private Resolved resolve(EndpointSnapshot snapshot, long now) {
        try {
            return resolve(snapshot.endpoints(), suspects.suspects(), suspects.missing(), now)
                    .with(snapshot.balancing());
        } catch (RuntimeException e) {
            logger.warn("{}: the list of revision {} cannot be used", target, snapshot.revision(), e);
            return new Resolved(
                    NoAddresses.error(target, "the list of endpoints cannot be used: " + e), nothingUnlisted);
        }
    }

    private Resolved resolve(List<Endpoint> listed, List<Endpoint> suspected, List<Endpoint> missing, long now) {
        if (listed.isEmpty() && suspected.isEmpty()) {
            groupsOf(List.of(), now);
            return new Resolved(StatusOr.fromStatus(none), nothingUnlisted);
        }
        if (suspected.isEmpty() && missing.isEmpty()) {
            return new Resolved(orError(once(groupsOf(listed, now)), listed.size()), nothingUnlisted);
        }
        List<Endpoint> all = new ArrayList<>(listed);
        all.addAll(suspected);
        all.addAll(missing);
        List<EquivalentAddressGroup> groups = groupsOf(all, now);
        List<EquivalentAddressGroup> listedGroups = once(only(listed, groups));
        List<EquivalentAddressGroup> suspectGroups = without(listedGroups, once(only(suspected, groups)));
        List<EquivalentAddressGroup> missingGroups =
                without(suspectGroups, without(listedGroups, once(only(missing, groups))));
        Unlisted unlisted = new Unlisted(suspectGroups, missingGroups, listed.isEmpty(), none);
        return new Resolved(orError(listed.isEmpty() ? suspectGroups : listedGroups, all.size()), unlisted);
    }

    /** Two endpoints can be one server only where one of them has a name for a host. */
    private List<EquivalentAddressGroup> once(List<EquivalentAddressGroup> groups) {
        return hasHostNames ? sameServers.once(groups) : groups;
    }

    private List<EquivalentAddressGroup> without(
            List<EquivalentAddressGroup> others, List<EquivalentAddressGroup> groups) {
        return hasHostNames ? SameServers.without(others, groups) : groups;
    }

    private List<EquivalentAddressGroup> groupsOf(List<Endpoint> endpoints, long now) {
        List<EquivalentAddressGroup> groups = addressGroups.of(endpoints, now);
        hasHostNames = !hostNames.isEmpty();
        return groups;
    }

    private StatusOr<List<EquivalentAddressGroup>> orError(List<EquivalentAddressGroup> groups, int endpoints) {
        return groups.isEmpty()
                ? NoAddresses.error(target, "none of the " + endpoints + " endpoints has a host that can be looked up")
                : StatusOr.fromValue(groups);
    }

    private static List<EquivalentAddressGroup> only(List<Endpoint> endpoints, List<EquivalentAddressGroup> groups) {
        Set<String> addresses = endpoints.stream().map(Endpoint::address).collect(Collectors.toSet());
        return groups.stream()
                .filter(group -> {
                    Endpoint endpoint = group.getAttributes().get(EndpointAttributes.ENDPOINT);
                    return endpoint != null && addresses.contains(endpoint.address());
                })
                .toList();
    }

    /**
     * What became of a list.
     *
     * @param addresses the addresses, or why there are none
     * @param unlisted who is no longer listed
     * @param balancing what operators override of how calls are balanced
     */
    record Resolved(StatusOr<List<EquivalentAddressGroup>> addresses, Unlisted unlisted, BalancingOverride balancing) {

        Resolved(StatusOr<List<EquivalentAddressGroup>> addresses, Unlisted unlisted) {
            this(addresses, unlisted, BalancingOverride.NONE);
        }

        Resolved with(BalancingOverride other) {
            return new Resolved(addresses, unlisted, other);
        }
    }

    /** Is called on the executor. */
    interface Receiver {

        /**
         * A list, or why it has no address.
         *
         * @param nextNanos in how many nanoseconds to {@link #lookAtTheTime()}, or {@link Suspects#NEVER}
         */
        void list(Resolved resolved, long nextNanos);

        /** The list before stays for now. */
        void noNewList(long nextNanos);

        void noListYet(String reason);

        /** Which records of the service are not used now. */
        void unused(UnusedRecords unused);
    }
}
