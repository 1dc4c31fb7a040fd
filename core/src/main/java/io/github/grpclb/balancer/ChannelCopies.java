package io.github.grpclb.balancer;

import io.github.grpclb.balancer.pick.ChannelCopy;
import io.github.grpclb.discovery.Internal;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The channels of a context that can be asked for a copy of what they pick by. A channel that is idle or closed is not there. Nothing is
 * copied unless somebody asks. Thread-safe.
 */
@Internal
public final class ChannelCopies {

    /**
     * A channel.
     *
     * @param client what the application calls it, or null
     * @param service the service that it calls
     * @param policy the name of the policy that picks, or null where it has never known a server
     * @param reason what calls fail with while it knows no server; null otherwise
     * @param copy asks its balancer, which answers in the channel's synchronization context; empty while it knows no server
     */
    public record Source(
            @Nullable String client,
            String service,
            @Nullable String policy,
            @Nullable String reason,
            Supplier<CompletableFuture<Optional<ChannelCopy>>> copy) {}

    private final Set<Place> places = ConcurrentHashMap.newKeySet();

    /** Returns all channels, in no order. */
    public List<Source> sources() {
        return places.stream()
                .map(place -> place.source)
                .filter(Objects::nonNull)
                .toList();
    }

    /**
     * Returns a place for a balancer, which is seen as soon as it says what it calls.
     *
     * @param client what the application calls the channel's client
     */
    Place join(@Nullable String client, Supplier<CompletableFuture<Optional<ChannelCopy>>> copy) {
        return new Place(client, copy);
    }

    /** Where a balancer says what it calls. */
    final class Place {

        private final @Nullable String client;
        private final Supplier<CompletableFuture<Optional<ChannelCopy>>> copy;
        private volatile @Nullable Source source;

        private Place(@Nullable String client, Supplier<CompletableFuture<Optional<ChannelCopy>>> copy) {
            this.client = client;
            this.copy = copy;
        }

        /** Hears what the channel calls now. */
        void calls(String service, @Nullable String policy, @Nullable String reason) {
            source = new Source(client, service, policy, reason, copy);
            places.add(this);
        }

        /** Gives the place up. */
        void end() {
            places.remove(this);
        }
    }
}
