package io.github.grpclb.timeline;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import java.time.Duration;

/** Tells a {@link Timeline} of this process's registrations what concerns others, and passes all on to another observer. */
public final class TimelineObserver implements RegistryObserver {

    private final Timeline timeline;
    private final RegistryObserver observer;

    /**
     * Creates an observer.
     *
     * @param timeline is told
     * @param observer hears everything
     */
    public TimelineObserver(Timeline timeline, RegistryObserver observer) {
        this.timeline = timeline;
        this.observer = observer;
    }

    @Override
    public void registered(Endpoint endpoint) {
        observer.registered(endpoint);
    }

    @Override
    public void seen(Endpoint endpoint, Duration lag) {
        observer.seen(endpoint, lag);
    }

    @Override
    public void lost(Endpoint endpoint, Loss reason) {
        observer.lost(endpoint, reason);
    }

    @Override
    public void conflict(Endpoint endpoint, String why) {
        timeline.add(Timeline.Kind.CONFLICT, endpoint, why);
        observer.conflict(endpoint, why);
    }

    @Override
    public void watchRestarted(String service, Restart reason) {
        observer.watchRestarted(service, reason);
    }

    @Override
    public void recordSkipped(String service) {
        observer.recordSkipped(service);
    }

    @Override
    public void massChange(String service) {
        observer.massChange(service);
    }
}
