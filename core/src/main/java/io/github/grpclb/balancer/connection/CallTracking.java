package io.github.grpclb.balancer.connection;

import io.github.grpclb.balancer.connection.PickObserver.Delay;
import io.github.grpclb.balancer.connection.PickObserver.Failure;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoads;
import org.jspecify.annotations.Nullable;

/** Where a channel's calls leave their marks: the loads of the servers, and the observer if there is one. Thread-safe. */
@Internal
public final class CallTracking {

    private final EndpointLoads loads;
    private final @Nullable PickObserver observer;
    private final LogLimit logLimit;
    private volatile String policy = "";
    private String service = "";
    private EndpointCounts counts = EndpointCounts.NONE;
    private int panicking;

    public CallTracking(EndpointLoads loads, @Nullable PickObserver observer, LogLimit logLimit) {
        this.loads = loads;
        this.logLimit = logLimit;
        this.observer = observer == null ? null : new GuardedObserver(observer, logLimit);
    }

    public LogLimit logLimit() {
        return logLimit;
    }

    public EndpointLoads loads() {
        return loads;
    }

    /** Names the policy that picks from now on. */
    public void policyIs(String name) {
        policy = name;
    }

    String policy() {
        return policy;
    }

    @Nullable
    public PickObserver observer() {
        return observer;
    }

    public void pickFailed(String service, Failure failure) {
        if (observer != null) {
            observer.pickFailed(service, policy, failure);
        }
    }

    public void pickDelayed(String service, Delay delay) {
        if (observer != null) {
            observer.pickDelayed(service, policy, delay);
        }
    }

    /** Tells the observer that a channel has its first list. */
    public void firstList(String service, long nanos) {
        if (observer != null) {
            observer.firstList(service, nanos);
        }
    }

    /** Tells the observer of endpoints that vanished from the registry, if any did. */
    public void suspected(int endpoints) {
        if (observer != null && endpoints > 0) {
            observer.endpointsSuspected(service, endpoints);
        }
    }

    /** Names the service whose endpoints there are. For the synchronization context only, like what follows. */
    public void serviceIs(String name) {
        service = name;
    }

    /** Tells the observer how many endpoints are in which state, if that changed. */
    public void endpointsAre(EndpointCounts now) {
        if (observer != null && !now.equals(counts)) {
            observer.endpointsChanged(service, counts, now);
            counts = now;
        }
    }

    /** Tells the observer that an endpoint was ejected. */
    public void ejected() {
        if (observer != null) {
            observer.endpointEjected(service);
        }
    }

    /** Tells the observer how many pools panic, if that changed. */
    public void panickingAre(int pools) {
        if (observer != null && pools != panicking) {
            observer.panicChanged(service, panicking, pools);
            panicking = pools;
        }
    }
}
