package io.github.grpclb.discovery;

import org.jspecify.annotations.Nullable;

/**
 * How endpoints arrive. Delivers whole immutable snapshots in revision order, never a half-read list, and never gives up: while
 * the registry is away the last good snapshot stands. However many subscribers a service has, it is followed once; it is followed
 * for a while after the last one left, so that a channel that was idle finds a list at once. Thread-safe.
 */
public interface EndpointSource extends AutoCloseable {

    /** The scheme of a source that has none of its own. */
    String DEFAULT_SCHEME = "etcd";

    /** Returns the scheme of the targets that lead to its services: {@code etcd:///greeter}, unless it has one of its own. */
    default String scheme() {
        return DEFAULT_SCHEME;
    }

    /**
     * Follows a service. Returns at once.
     *
     * @param service the service's name
     * @param listener hears of the endpoints, from now until the subscription is closed
     * @throws IllegalArgumentException if the name cannot be a service's name in this registry
     * @throws IllegalStateException if this source is closed
     */
    Subscription subscribe(String service, EndpointListener listener);

    /** Returns which hosts its endpoints may have, host names after their lookup too. */
    default AddressRules addressRules() {
        return AddressRules.DEFAULT;
    }

    /** Returns what tells which services there are; null where that cannot be told. A source around another one returns that one's. */
    default @Nullable ServiceCatalog catalog() {
        return null;
    }

    /** Returns what tells which records a service has; null where that cannot be told. A source around another one returns that one's. */
    default @Nullable RecordCatalog records() {
        return null;
    }

    /** Stops following all services. Returns within seconds, also when the registry does not answer. Idempotent. */
    @Override
    void close();

    /** A listener's hold on a service. Thread-safe. */
    interface Subscription extends AutoCloseable {

        /** Says that the list looks stale. A hint: it costs nothing however often it is given. */
        void refresh();

        /** Ends it: a call of the listener under way may finish, none begins any more. Idempotent. */
        @Override
        void close();
    }
}
