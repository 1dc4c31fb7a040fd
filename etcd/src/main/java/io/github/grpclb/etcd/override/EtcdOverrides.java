package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.FollowedServices;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideSource;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Overrides that are in etcd. Those of a service are listed and watched once, however many subscribers they have, and for a while after
 * the last one left. A subscriber hears of a list as soon as etcd has answered; where it does not, or this user may not read the
 * overrides, of an empty one until it does. Nothing of that is an error of the registry: calls go on without overrides. Thread-safe.
 */
public final class EtcdOverrides implements OverrideSource {

    /** How long the overrides of a service are followed after the last subscriber left, as its endpoints are. */
    public static final Duration DEFAULT_LINGER = Duration.ofHours(1);

    private final KeySpace keys;
    private final FollowedServices<OverrideFeed.Hearer> services;

    /**
     * Creates a source. Nothing is dialled before the first subscription.
     *
     * @param connection stays the caller's to close, after this
     * @param prefix below which overrides are, with or without the "/" at its end; apart from that of the connection
     * @param linger how long those of a service are followed after the last subscriber left
     * @param observer hears of records that cannot be read
     * @throws IllegalValueException if the prefix cannot be one, or overlaps that of the endpoints
     */
    public EtcdOverrides(EtcdConnection connection, String prefix, Duration linger, RegistryObserver observer) {
        this(
                connection.loop(),
                connection.api(),
                OverridePrefix.of(prefix, connection.options().keySpace()),
                linger,
                observer);
    }

    EtcdOverrides(EtcdLoop loop, EtcdApi api, KeySpace keys, Duration linger, RegistryObserver observer) {
        this.keys = keys;
        this.services = new FollowedServices<>(
                loop,
                service -> {
                    OverrideFeed feed = new OverrideFeed(service, keys, loop, api.ifAllowed(), observer);
                    return new FollowedServices.Following<>(feed, feed);
                },
                linger);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalValueException if the name cannot be a service's
     * @throws IllegalStateException if this source is closed
     */
    @java.lang.Override
    public Subscription subscribe(String service, Consumer<List<Override>> listener) {
        keys.servicePrefix(service);
        Held held = new Held(service, listener);
        services.add("source of overrides", service, held);
        return held;
    }

    @java.lang.Override
    public void close() {
        services.close();
    }

    /** A listener's hold, which keeps calls away from it once it is closed. */
    private final class Held implements Subscription, OverrideFeed.Hearer {

        private final String service;
        private final Consumer<List<Override>> listener;
        private volatile boolean ended;

        Held(String service, Consumer<List<Override>> listener) {
            this.service = service;
            this.listener = listener;
        }

        @java.lang.Override
        public boolean isEnded() {
            return ended;
        }

        @java.lang.Override
        public void accept(List<Override> overrides) {
            listener.accept(overrides);
        }

        @java.lang.Override
        public void close() {
            if (!ended) {
                ended = true;
                services.remove(service, this);
            }
        }
    }
}
