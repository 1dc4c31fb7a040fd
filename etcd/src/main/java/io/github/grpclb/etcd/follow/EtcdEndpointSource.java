package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RecordCatalog;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.follow.FollowedSource;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.discovery.snapshot.SnapshotStore;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import java.time.Duration;

/**
 * Endpoints that are registered in etcd. A service is listed and watched once, however many subscribers it has; it is
 * followed for a while after the last one left, so that a channel that wakes up has its list at once, also when etcd is
 * away. Thread-safe.
 */
public final class EtcdEndpointSource implements EndpointSource {

    private final Following following;
    private final FollowedSource source;
    private final ServiceCatalog catalog;
    private final RecordCatalog records;

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
                                ? LastLists.none()
                                : SnapshotStore.open(options.snapshots(), new RecordFormat(connection.options())),
                        observer),
                options.linger());
    }

    public EtcdEndpointSource(EtcdLoop loop, EtcdApi api, Following following, Duration linger) {
        this.following = following;
        this.source = new FollowedSource(
                loop,
                (service, publisher) -> new ServiceWatch(service, loop, api, following, publisher),
                following.lists(),
                following.observer(),
                linger);
        this.catalog = new EtcdServiceCatalog(loop, api, following.keys());
        EndpointCodec codec =
                new EndpointCodec(following.keys(), following.rules().addresses());
        this.records = new EtcdRecordCatalog(loop, api, following.keys(), codec);
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        following.keys().servicePrefix(service);
        return source.subscribe(service, listener);
    }

    @Override
    public AddressRules addressRules() {
        return following.rules().addresses();
    }

    @Override
    public ServiceCatalog catalog() {
        return catalog;
    }

    @Override
    public RecordCatalog records() {
        return records;
    }

    @Override
    public void close() {
        source.close();
    }
}
