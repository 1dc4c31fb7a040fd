package io.github.grpclb.balancer;

import io.github.grpclb.balancer.PickObserver.Failure;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.EndpointLoads;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where a channel's calls leave their marks: the loads of the servers, and the observer if there is one. Thread-safe. */
final class CallTracking {

    private final EndpointLoads loads;
    private final @Nullable PickObserver observer;
    private final LogLimit logLimit;
    private volatile String policy = "";
    private String service = "";
    private EndpointCounts counts = EndpointCounts.NONE;

    CallTracking(EndpointLoads loads, @Nullable PickObserver observer, LogLimit logLimit) {
        this.loads = loads;
        this.logLimit = logLimit;
        this.observer = observer == null ? null : new GuardedObserver(observer, logLimit);
    }

    LogLimit logLimit() {
        return logLimit;
    }

    EndpointLoads loads() {
        return loads;
    }

    /** Names the policy that picks from now on. */
    void policyIs(String name) {
        policy = name;
    }

    String policy() {
        return policy;
    }

    @Nullable
    PickObserver observer() {
        return observer;
    }

    /** Returns a picker that picks as the given one does, and has the calls tracked that go to the endpoint. */
    SubchannelPicker track(SubchannelPicker connection, Endpoint endpoint, EndpointLoad load) {
        return track(connection, endpoint, load, null);
    }

    /** Does the same, and has it noted that the connection is in use. */
    SubchannelPicker track(
            SubchannelPicker connection, Endpoint endpoint, EndpointLoad load, @Nullable ConnectionUse use) {
        return new TrackedConnection(connection, new CallTracer.Source(this, endpoint, load, use));
    }

    void pickFailed(String service, Failure failure) {
        if (observer != null) {
            observer.pickFailed(service, policy, failure);
        }
    }

    /** Tells the observer of endpoints that vanished from the registry, if any did. */
    void suspected(int endpoints) {
        if (observer != null && endpoints > 0) {
            observer.endpointsSuspected(service, endpoints);
        }
    }

    /** Tells the observer how many endpoints are in which state, if that changed. For the synchronization context only. */
    void endpointsAre(List<EndpointCandidate> known, Set<Endpoint.Identity> ejected) {
        if (observer == null) {
            return;
        }
        if (!known.isEmpty()) {
            service = known.get(0).endpoint().service();
        }
        EndpointCounts now = EndpointStates.count(known, ejected);
        if (!now.equals(counts)) {
            observer.endpointsChanged(service, counts, now);
            counts = now;
        }
    }
}
