package io.github.grpclb.resolver;

import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.grpc.EquivalentAddressGroup;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes lists from the source's thread to an executor and makes addresses of them there: one list at a time, always the latest.
 * The source's thread only leaves behind what it brings. Thread-safe.
 */
final class EndpointLists implements EndpointListener {

    private static final Logger logger = LoggerFactory.getLogger(EndpointLists.class);

    private final String target;
    private final Receiver receiver;
    private final SerialWork work;
    private volatile @Nullable EndpointSnapshot latest;
    private volatile String unavailable = "no answer yet";
    private volatile boolean lookupWanted;
    private volatile boolean hasHostNames;

    // only in the work
    private final AddressGroups addressGroups;

    EndpointLists(String target, Executor executor, HostLookup lookup, Receiver receiver) {
        this.target = target;
        this.receiver = receiver;
        this.work = new SerialWork(executor, this::takeLatest);
        this.addressGroups = new AddressGroups(lookup);
    }

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        latest = snapshot;
        work.request();
    }

    @Override
    public void onUnavailable(String reason) {
        unavailable = reason;
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

    private void takeLatest() {
        EndpointSnapshot snapshot = latest;
        if (snapshot == null) {
            receiver.noListYet(unavailable);
            return;
        }
        if (lookupWanted) {
            lookupWanted = false;
            addressGroups.forgetLookups();
        }
        StatusOr<List<EquivalentAddressGroup>> resolved;
        try {
            resolved = resolve(snapshot);
        } catch (RuntimeException e) {
            logger.warn("{}: the list of revision {} cannot be used", target, snapshot.revision(), e);
            resolved = error(target, "the list of endpoints cannot be used: " + e);
        }
        receiver.list(resolved, addressGroups.awaitsLookups());
    }

    private StatusOr<List<EquivalentAddressGroup>> resolve(EndpointSnapshot snapshot) {
        int endpoints = snapshot.endpoints().size();
        if (endpoints == 0) {
            return error(target, "no endpoint is registered");
        }
        List<EquivalentAddressGroup> groups = addressGroups.of(snapshot.endpoints());
        hasHostNames = addressGroups.hasHostNames();
        return groups.isEmpty()
                ? error(target, "none of the " + endpoints + " endpoints has a host that can be looked up")
                : StatusOr.fromValue(groups);
    }

    /** Returns what takes the place of addresses: calls to the target fail with it. */
    static StatusOr<List<EquivalentAddressGroup>> error(String target, String reason) {
        return StatusOr.fromStatus(Status.UNAVAILABLE.withDescription(target + ": " + reason));
    }

    /** Is called on the executor. */
    interface Receiver {

        /**
         * A list, or why it has no address.
         *
         * @param incomplete whether an endpoint is left out, since its host name could not be looked up
         */
        void list(StatusOr<List<EquivalentAddressGroup>> addresses, boolean incomplete);

        void noListYet(String reason);
    }
}
