package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientConfig.GenericXdsConfig;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.Status;
import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is said on one stream, in one of the two protocols. Each type of resource is spoken of for itself: while a response of a type is
 * neither accepted nor rejected, no other one goes out, and what changes until then goes with the next one. For the loop's thread.
 *
 * @param <Q> what the client says
 * @param <R> what it is told
 */
abstract class Conversation<Q, R> implements Catalog.ChangeListener {

    /** Once a response has so many, what else there is goes into the next one: a client takes no message of more than 4 MiB. */
    static final int ENOUGH_BYTES = 1 << 20;

    /** What a single resource may take: together with those before it in a response it is below 4 MiB. */
    static final int MOST_BYTES = (3 << 20) - (64 << 10);

    private static final int MOST_NODE_BYTES = 16 << 10;

    private final Catalog catalog;
    private final StreamLimits limits;
    private final Listener listener;
    private final Map<ResourceType, Subscription> subscriptions = new EnumMap<>(ResourceType.class);
    private @Nullable Node node;
    private long nonces;

    Conversation(Catalog catalog, StreamLimits limits, Listener listener) {
        this.catalog = catalog;
        this.limits = limits;
        this.listener = listener;
    }

    /** Hears of what happens in a conversation. */
    interface Listener {

        /** Something of a type changed that the client is to be told when it is time. */
        void changed(ResourceType type);

        /** What the client asked for, and could not be told at once, is there. */
        void answerable();

        /** The client accepted a response. */
        void accepted(ResourceType type);

        /** The client rejected a response; why is in its own words, made fit for a log line. */
        void rejected(ResourceType type, String reason);
    }

    /**
     * Takes in what a client says.
     *
     * @throws StatusException if the stream has to end for it, with a status that says why
     */
    abstract void hear(Q request) throws StatusException;

    /**
     * Returns what is next to be said of a type, or null where that is nothing.
     *
     * @param changesToo whether it is time for changes; what was just asked for is answered at any time
     */
    abstract @Nullable R next(ResourceType type, boolean changesToo);

    /** Says whether something changed that the client was not told. */
    boolean hasChanges() {
        return subscriptions.values().stream().anyMatch(each -> !each.changed.isEmpty());
    }

    /** Says whether something of a type did. */
    boolean hasChanges(ResourceType type) {
        return !subscription(type).changed.isEmpty();
    }

    /** Returns who speaks; the default instance before it said so. */
    Node node() {
        return node == null ? Node.getDefaultInstance() : node;
    }

    /** Returns the zone of who speaks, or null. */
    @Nullable
    String zone() {
        String zone = node().getLocality().getZone();
        return zone.isEmpty() ? null : zone;
    }

    /**
     * Returns what the client has, and does not have, of all that it asked for.
     *
     * @param contents whether the resources themselves are in there, where they are what the client was told
     */
    final ClientConfig status(boolean contents) {
        ClientConfig.Builder config = ClientConfig.newBuilder().setNode(node());
        for (ResourceType type : ResourceType.values()) {
            Subscription subscription = subscription(type);
            for (String name : subscription.followed) {
                config.addGenericXdsConfigs(status(type, subscription, name, contents));
            }
        }
        return config.build();
    }

    private GenericXdsConfig status(ResourceType type, Subscription subscription, String name, boolean contents) {
        GenericXdsConfig.Builder status =
                GenericXdsConfig.newBuilder().setTypeUrl(type.url()).setName(name);
        String told = subscription.told.get(name);
        String rejection = subscription.rejection(name);
        Found found = find(type, name);
        if (told != null) {
            status.setVersionInfo(told);
            if (contents
                    && found instanceof Found.Present it
                    && it.resource().version().equals(told)) {
                status.setXdsConfig(it.resource().body());
            }
        }
        if (rejection != null) {
            status.setClientStatus(ClientResourceStatus.NACKED)
                    .getErrorStateBuilder()
                    .setDetails(rejection);
        } else if (told != null) {
            status.setClientStatus(
                    subscription.isAwaited(name) ? ClientResourceStatus.REQUESTED : ClientResourceStatus.ACKED);
        } else {
            status.setClientStatus(
                    found instanceof Found.Absent
                            ? ClientResourceStatus.DOES_NOT_EXIST
                            : ClientResourceStatus.REQUESTED);
        }
        return status.build();
    }

    /** Ends it: nothing is followed for it any more. */
    void close() {
        for (ResourceType type : ResourceType.values()) {
            Subscription subscription = subscription(type);
            new ArrayList<>(subscription.followed).forEach(name -> forget(type, subscription, name));
        }
        if (followsAll()) {
            catalog.unfollowAll(this);
        }
    }

    private boolean followsAll() {
        return subscriptions.values().stream().anyMatch(each -> each.wildcard);
    }

    @Override
    public void changed(ResourceType type, String name) {
        Subscription subscription = subscription(type);
        if (subscription.asked.contains(name)) {
            listener.answerable();
        } else if (subscription.followed.contains(name) && subscription.changed.add(name)) {
            listener.changed(type);
        }
    }

    @Override
    public void added(String service) {
        for (ResourceType type : ResourceType.values()) {
            Subscription subscription = subscription(type);
            if (subscription.wildcard) {
                follow(type, subscription, service);
                subscription.changed.add(service);
                listener.changed(type);
            }
        }
    }

    /** Takes note of who speaks: said once, in the first request. */
    final void heardOf(Node speaker) throws StatusException {
        if (node != null) {
            return;
        }
        node = withinLimits(speaker);
        limits.nodes().require(speaker.getId());
    }

    /** It is kept as long as the stream is open: without its metadata where it is large, and not at all where it is large without them. */
    private static Node withinLimits(Node speaker) throws StatusException {
        Node kept = speaker.getSerializedSize() <= MOST_NODE_BYTES
                ? speaker
                : speaker.toBuilder().clearMetadata().build();
        if (kept.getSerializedSize() > MOST_NODE_BYTES) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("node has " + kept.getSerializedSize()
                            + " bytes without its metadata (expected: at most " + MOST_NODE_BYTES + ")")
                    .asException();
        }
        return kept;
    }

    final Subscription subscription(ResourceType type) {
        return subscriptions.computeIfAbsent(type, first -> new Subscription());
    }

    final Found find(ResourceType type, String name) {
        return catalog.find(type, name, zone());
    }

    final String nextNonce() {
        return String.valueOf(++nonces);
    }

    /** Returns the type that a request is about, or null where it is none that is served here: then nothing is ever said of it. */
    static @Nullable ResourceType typeOf(String url) throws StatusException {
        if (url.isEmpty()) {
            throw Status.INVALID_ARGUMENT.withDescription("type_url is missing").asException();
        }
        return ResourceType.of(url);
    }

    final void answered(ResourceType type, @Nullable String error) {
        String reason = error == null ? null : LogText.of(error);
        subscription(type).answered(reason);
        if (reason == null) {
            listener.accepted(type);
        } else {
            listener.rejected(type, reason);
        }
    }

    /** Has names be followed that were asked for. */
    final void subscribe(ResourceType type, Collection<String> names) throws StatusException {
        Subscription subscription = subscription(type);
        checkNames(type, names); // before anything is followed
        for (String name : names) {
            subscription.everNamed = true;
            if (subscription.named.add(name)) {
                follow(type, subscription, name);
            }
            subscription.asked.add(name);
        }
    }

    /** Checks that names may be followed which the client brings. */
    final void checkNames(ResourceType type, Collection<String> names) throws StatusException {
        Subscription subscription = subscription(type);
        int present = subscriptions.values().stream()
                .mapToInt(each -> each.named.size())
                .sum();
        long further = names.stream()
                .filter(name -> !subscription.named.contains(name))
                .distinct()
                .count();
        checkCount(present + further);
        for (String name : names) {
            limits.requireLength("a resource's name", name);
        }
    }

    private void checkCount(long wanted) throws StatusException {
        if (wanted > limits.subscriptions()) {
            throw Status.RESOURCE_EXHAUSTED
                    .withDescription(
                            wanted + " resources on one stream (expected: at most " + limits.subscriptions() + ")")
                    .asException();
        }
    }

    final void unsubscribe(ResourceType type, Collection<String> names) {
        Subscription subscription = subscription(type);
        for (String name : names) {
            if (!subscription.named.remove(name)) {
                continue;
            }
            if (subscription.wildcard && !(find(type, name) instanceof Found.Absent)) {
                subscription.told.remove(name); // it is told of it again, as one of all there are
                subscription.asked.add(name);
            } else {
                forget(type, subscription, name);
            }
        }
    }

    final void subscribeToAll(ResourceType type) {
        Subscription subscription = subscription(type);
        if (!subscription.wildcard) {
            subscription.wildcard = true;
            subscription.owed = true;
            for (String service : catalog.followAll(this)) {
                follow(type, subscription, service);
                subscription.asked.add(service);
            }
        }
    }

    final void unsubscribeFromAll(ResourceType type) {
        Subscription subscription = subscription(type);
        if (subscription.wildcard) {
            subscription.wildcard = false;
            subscription.owed = false;
            if (!followsAll()) {
                catalog.unfollowAll(this);
            }
            for (String name : new ArrayList<>(subscription.followed)) {
                if (!subscription.named.contains(name)) {
                    forget(type, subscription, name);
                }
            }
        }
    }

    /** Has a name be followed, be it that the client did not ask for it but came with it. */
    final void follow(ResourceType type, Subscription subscription, String name) {
        if (subscription.followed.add(name)) {
            catalog.follow(type, name, this);
        }
    }

    final void forget(ResourceType type, Subscription subscription, String name) {
        if (subscription.followed.remove(name)) {
            catalog.unfollow(type, name, this);
        }
        subscription.forget(name);
    }
}
