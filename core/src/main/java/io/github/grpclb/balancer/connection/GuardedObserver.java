package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.CallOutcome;
import io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what an observer throws from gRPC, which would take it out on the call or the channel, and logs it once. */
final class GuardedObserver implements PickObserver {

    private static final Logger logger = LoggerFactory.getLogger(GuardedObserver.class);

    private final PickObserver observer;
    private final LogLimit logLimit;

    GuardedObserver(PickObserver observer, LogLimit logLimit) {
        this.observer = observer;
        this.logLimit = logLimit;
    }

    @Override
    public void callStarted(Endpoint endpoint, String policy) {
        try {
            observer.callStarted(endpoint, policy);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void callFinished(Endpoint endpoint, String policy, Status.Code status, CallOutcome outcome, long nanos) {
        try {
            observer.callFinished(endpoint, policy, status, outcome, nanos);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void pickFailed(String service, String policy, Failure failure) {
        try {
            observer.pickFailed(service, policy, failure);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void pickDelayed(String service, String policy, Delay delay) {
        try {
            observer.pickDelayed(service, policy, delay);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void firstList(String service, long nanos) {
        try {
            observer.firstList(service, nanos);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
        try {
            observer.endpointsChanged(service, before, now);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void endpointsSuspected(String service, int endpoints) {
        try {
            observer.endpointsSuspected(service, endpoints);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void endpointEjected(String service) {
        try {
            observer.endpointEjected(service);
        } catch (Throwable e) {
            report(e);
        }
    }

    @Override
    public void panicChanged(String service, int before, int now) {
        try {
            observer.panicChanged(service, before, now);
        } catch (Throwable e) {
            report(e);
        }
    }

    private void report(Throwable failure) {
        if (logLimit.isNew(GuardedObserver.class, observer.getClass())) {
            logger.error(
                    "{} failed and may go on failing (said once)",
                    observer.getClass().getName(),
                    failure);
        }
    }
}
