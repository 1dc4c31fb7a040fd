package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.RegistryObserver;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Endpoints of a registry that services are followed at. A service is followed once, however many subscribers it has; and for a while
 * after the last one left, so that a channel that wakes up has its list at once, also when the registry is away. Thread-safe.
 */
@Internal
public final class FollowedSource implements EndpointSource {

    /** A followed service; fields belong to the loop's thread. */
    private static final class Followed {

        final EndpointPublisher publisher;
        final Feed feed;
        RegistryLoop.Timer linger = RegistryLoop.Timer.NONE;

        Followed(EndpointPublisher publisher, Feed feed) {
            this.publisher = publisher;
            this.feed = feed;
        }

        void close() {
            feed.close();
            publisher.close();
        }
    }

    /** When a subscription is added that could not be. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final RegistryLoop loop;
    private final Feed.Factory feeds;
    private final LastLists<?> lists;
    private final RegistryObserver observer;
    private final Duration linger;
    private final Map<String, Followed> services = new HashMap<>();
    private volatile boolean closed;

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
        this.feeds = feeds;
        this.lists = lists;
        this.observer = observer;
        this.linger = linger;
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        if (closed) {
            throw new IllegalStateException("The endpoint source is closed");
        }
        FollowedSubscription subscription = new FollowedSubscription(service, listener);
        loop.execute(() -> add(subscription));
        return subscription;
    }

    @Override
    public void close() {
        closed = true;
        loop.execute(() -> {
            services.values().forEach(followed -> {
                followed.linger.cancel();
                followed.close();
            });
            services.clear();
        });
        lists.close();
    }

    private void add(FollowedSubscription subscription) {
        if (closed || subscription.ended) {
            return;
        }
        RegistryLoop.Timer retry = loop.after(RETRY, () -> add(subscription));
        Followed followed = services.get(subscription.service);
        if (followed == null) {
            followed = follow(subscription.service);
        }
        followed.linger.cancel();
        followed.publisher.add(subscription);
        retry.cancel();
    }

    private Followed follow(String service) {
        EndpointPublisher publisher = new EndpointPublisher(service, loop, lists, observer);
        Followed followed = new Followed(publisher, feeds.feed(service, publisher));
        followed.feed.start();
        services.put(service, followed);
        return followed;
    }

    private void remove(FollowedSubscription subscription) {
        Followed followed = services.get(subscription.service);
        if (followed != null && followed.publisher.remove(subscription)) {
            followed.linger = loop.after(linger, () -> {
                services.remove(subscription.service, followed);
                followed.close();
            });
        }
    }

    private void refresh(FollowedSubscription subscription) {
        Followed followed = services.get(subscription.service);
        if (followed != null) {
            followed.feed.refresh();
        }
    }

    /** A listener's hold, which keeps calls away from it once it is closed. */
    private final class FollowedSubscription implements Subscription, EndpointListener {

        private final String service;
        private final EndpointListener listener;
        private volatile boolean ended;
        private volatile boolean refreshing;

        FollowedSubscription(String service, EndpointListener listener) {
            this.service = service;
            this.listener = listener;
        }

        @Override
        public void refresh() {
            if (!refreshing && !ended) {
                refreshing = true;
                loop.execute(() -> {
                    refreshing = false;
                    FollowedSource.this.refresh(this);
                });
            }
        }

        @Override
        public void close() {
            if (!ended) {
                ended = true;
                loop.execute(() -> remove(this));
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
        public void onReachable(boolean reachable) {
            if (!ended) {
                listener.onReachable(reachable);
            }
        }
    }
}
