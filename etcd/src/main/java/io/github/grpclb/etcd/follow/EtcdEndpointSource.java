package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Endpoints that are registered in etcd. A service is listed and watched once, however many subscribers it has; it is
 * followed for a while after the last one left, so that a channel that wakes up has its list at once, also when etcd is
 * away. Thread-safe.
 */
public final class EtcdEndpointSource implements EndpointSource {

    /** A followed service; fields belong to the loop's thread. */
    private static final class Followed {

        final ServiceWatch watch;
        EtcdLoop.Timer linger = EtcdLoop.Timer.NONE;

        Followed(ServiceWatch watch) {
            this.watch = watch;
        }
    }

    /** When a subscription is added that could not be. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final EtcdLoop loop;
    private final EtcdApi api;
    private final Following following;
    private final Duration linger;
    private final Map<String, Followed> services = new HashMap<>();
    private volatile boolean closed;

    /**
     * Creates a source with the default options.
     *
     * @param connection stays the caller's to close, after this
     * @param linger how long a service is followed after its last subscriber left
     * @param observer hears of watches
     */
    public EtcdEndpointSource(EtcdConnection connection, Duration linger, RegistryObserver observer) {
        this(connection, EndpointSourceOptions.DEFAULT.withLinger(linger), observer);
    }

    /**
     * Creates a source. Nothing is dialled before the first subscription.
     *
     * @param connection stays the caller's to close, after this
     * @param options how services are followed
     * @param observer hears of watches
     * @throws IllegalValueException if the directory for snapshots cannot be used
     */
    public EtcdEndpointSource(EtcdConnection connection, EndpointSourceOptions options, RegistryObserver observer) {
        this(
                connection.loop(),
                connection.api(),
                new Following(
                        connection.options().keySpace(),
                        options.rules(),
                        options.snapshots() == null
                                ? LastLists.NONE
                                : SnapshotStore.open(options.snapshots(), connection.options()),
                        observer),
                options.linger());
    }

    public EtcdEndpointSource(EtcdLoop loop, EtcdApi api, Following following, Duration linger) {
        this.loop = loop;
        this.api = api;
        this.following = following;
        this.linger = linger;
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        following.keys().servicePrefix(service);
        if (closed) {
            throw new IllegalStateException("The endpoint source is closed");
        }
        EtcdSubscription subscription = new EtcdSubscription(service, listener);
        loop.execute(() -> add(subscription));
        return subscription;
    }

    @Override
    public AddressRules addressRules() {
        return following.rules().addresses();
    }

    @Override
    public void close() {
        closed = true;
        loop.execute(() -> {
            services.values().forEach(followed -> {
                followed.linger.cancel();
                followed.watch.close();
            });
            services.clear();
        });
        following.lists().close();
    }

    private void add(EtcdSubscription subscription) {
        if (closed || subscription.ended) {
            return;
        }
        EtcdLoop.Timer retry = loop.after(RETRY, () -> add(subscription));
        Followed followed = services.get(subscription.service);
        if (followed == null) {
            followed = new Followed(new ServiceWatch(subscription.service, loop, api, following));
            followed.watch.start();
            services.put(subscription.service, followed);
        }
        followed.linger.cancel();
        followed.watch.add(subscription);
        retry.cancel();
    }

    private void remove(EtcdSubscription subscription) {
        Followed followed = services.get(subscription.service);
        if (followed != null && followed.watch.remove(subscription)) {
            followed.linger = loop.after(linger, () -> {
                services.remove(subscription.service, followed);
                followed.watch.close();
            });
        }
    }

    private void refresh(EtcdSubscription subscription) {
        Followed followed = services.get(subscription.service);
        if (followed != null) {
            followed.watch.refresh();
        }
    }

    /** A listener's hold, which keeps calls away from it once it is closed. */
    private final class EtcdSubscription implements Subscription, EndpointListener {

        private final String service;
        private final EndpointListener listener;
        private volatile boolean ended;
        private volatile boolean refreshing;

        EtcdSubscription(String service, EndpointListener listener) {
            this.service = service;
            this.listener = listener;
        }

        @Override
        public void refresh() {
            if (!refreshing && !ended) {
                refreshing = true;
                loop.execute(() -> {
                    refreshing = false;
                    EtcdEndpointSource.this.refresh(this);
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
