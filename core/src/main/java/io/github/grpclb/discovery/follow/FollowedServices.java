package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Services that are followed at a registry, each once, however many listeners it has; and for a while after the last one left, so that
 * whoever comes back has its list at once, also when the registry is away. Thread-safe.
 *
 * @param <L> who hears of a service
 */
@Internal
public final class FollowedServices<L extends FollowedServices.Listener> {

    /** Who hears of a service. Thread-safe. */
    public interface Listener {

        /** Whether it wants to hear nothing any more. */
        boolean isEnded();
    }

    /** Tells the listeners of one service. For the loop's thread. */
    public interface Publisher<L> {

        /** Adds a listener, and tells it what is known. */
        void add(L listener);

        /** Removes a listener; returns whether it was the last one. */
        boolean remove(L listener);

        /** Tells nobody any more. */
        void close();
    }

    /** How one service is followed, and who hears of it. */
    public record Following<L>(Publisher<L> publisher, Feed feed) {

        void close() {
            feed.close();
            publisher.close();
        }
    }

    /** Begins with services. */
    public interface Factory<L> {

        /** Returns what follows a service; not started. */
        Following<L> follow(String service);
    }

    /** A followed service; fields belong to the loop's thread. */
    private static final class Followed<L> {

        final Following<L> following;
        RegistryLoop.Timer linger = RegistryLoop.Timer.NONE;

        Followed(Following<L> following) {
            this.following = following;
        }
    }

    /** When a listener is added that could not be. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final RegistryLoop loop;
    private final Factory<L> factory;
    private final Duration linger;
    private final Map<String, Followed<L>> services = new HashMap<>();
    private volatile boolean closed;

    /**
     * Creates it. Nothing is followed before the first listener.
     *
     * @param linger how long a service is followed after its last listener left
     */
    public FollowedServices(RegistryLoop loop, Factory<L> factory, Duration linger) {
        this.loop = loop;
        this.factory = factory;
        this.linger = linger;
    }

    /**
     * Has a listener hear of a service. Returns at once.
     *
     * @param what this is, for the message
     * @throws IllegalStateException if this is closed
     */
    public void add(String what, String service, L listener) {
        if (closed) {
            throw new IllegalStateException("The " + what + " is closed");
        }
        loop.execute(() -> add(service, listener));
    }

    /** Takes a listener away, which is ended. */
    public void remove(String service, L listener) {
        loop.execute(() -> {
            Followed<L> followed = services.get(service);
            if (followed != null && followed.following.publisher().remove(listener)) {
                followed.linger = loop.after(linger, () -> {
                    services.remove(service, followed);
                    followed.following.close();
                });
            }
        });
    }

    /** Says that a list looks stale; for the loop's thread. */
    void refresh(String service) {
        Followed<L> followed = services.get(service);
        if (followed != null) {
            followed.following.feed().refresh();
        }
    }

    /** Follows nothing any more. Returns at once. Idempotent. */
    public void close() {
        closed = true;
        loop.execute(() -> {
            services.values().forEach(followed -> {
                followed.linger.cancel();
                followed.following.close();
            });
            services.clear();
        });
    }

    private void add(String service, L listener) {
        if (closed || listener.isEnded()) {
            return;
        }
        RegistryLoop.Timer retry = loop.after(RETRY, () -> add(service, listener));
        Followed<L> followed = services.get(service);
        if (followed == null) {
            followed = follow(service);
        }
        followed.linger.cancel();
        followed.following.publisher().add(listener);
        retry.cancel();
    }

    private Followed<L> follow(String service) {
        Followed<L> followed = new Followed<>(factory.follow(service));
        followed.following.feed().start();
        services.put(service, followed);
        return followed;
    }
}
