package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import java.time.Duration;

/**
 * Endpoints of a registry that services are followed at. A service is followed once, however many subscribers it has; and for a while
 * after the last one left, so that a channel that wakes up has its list at once, also when the registry is away. Thread-safe.
 */
@Internal
public final class FollowedSource implements EndpointSource {

    private final RegistryLoop loop;
    private final LastLists<?> lists;
    private final FollowedServices<FollowedSubscription> services;

    /**
     * Creates a source. Nothing is followed before the first subscription.
     *
     * @param feeds follow services at the registry
     * @param lists what outlives the process; closed with this
     * @param observer hears of mass changes
     * @param linger how long a service is followed after its last subscriber left
     */
    public FollowedSource(
            RegistryLoop loop, Feed.Factory feeds, LastLists<?> lists, RegistryObserver observer, Duration linger) {
        this.loop = loop;
        this.lists = lists;
        this.services = new FollowedServices<>(
                loop,
                service -> {
                    EndpointPublisher publisher = new EndpointPublisher(service, loop, lists, observer);
                    return new FollowedServices.Following<>(new Published(publisher), feeds.feed(service, publisher));
                },
                linger);
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        FollowedSubscription subscription = new FollowedSubscription(service, listener);
        services.add("endpoint source", service, subscription);
        return subscription;
    }

    @Override
    public void close() {
        services.close();
        lists.close();
    }

    /** A publisher, whose listeners are subscriptions. */
    private record Published(EndpointPublisher publisher) implements FollowedServices.Publisher<FollowedSubscription> {

        @Override
        public void add(FollowedSubscription subscription) {
            publisher.add(subscription);
        }

        @Override
        public boolean remove(FollowedSubscription subscription) {
            return publisher.remove(subscription);
        }

        @Override
        public void close() {
            publisher.close();
        }
    }

    /** A listener's hold, which keeps calls away from it once it is closed. */
    private final class FollowedSubscription implements Subscription, EndpointListener, FollowedServices.Listener {

        private final String service;
        private final EndpointListener listener;
        private volatile boolean ended;
        private volatile boolean refreshing;

        FollowedSubscription(String service, EndpointListener listener) {
            this.service = service;
            this.listener = listener;
        }

        @Override
        public boolean isEnded() {
            return ended;
        }

        @Override
        public void refresh() {
            if (!refreshing && !ended) {
                refreshing = true;
                loop.execute(() -> {
                    refreshing = false;
                    services.refresh(service);
                });
            }
        }

        @Override
        public void close() {
            if (!ended) {
                ended = true;
                services.remove(service, this);
            }
        }

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            if (!ended) {
                listener.onEndpoints(snapshot);
            }
        }

        @Override
        public void onUnavailable(String reason) {
            if (!ended) {
                listener.onUnavailable(reason);
            }
        }

        @Override
        public void onDeregistered(Endpoint endpoint) {
            if (!ended) {
                listener.onDeregistered(endpoint);
            }
        }

        @Override
        public void onUnused(UnusedRecords unused) {
            if (!ended) {
                listener.onUnused(unused);
            }
        }

        @Override
        public void onReachable(boolean reachable) {
            if (!ended) {
                listener.onReachable(reachable);
            }
        }
    }
}
