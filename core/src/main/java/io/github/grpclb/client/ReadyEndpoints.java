package io.github.grpclb.client;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.EndpointSource.Subscription;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether the clients of an application have found the servers that they need to begin with ({@link ClientSettings#minReadyEndpoints}).
 *
 * <p>gRPC's channels are lazy: one that nobody has called yet is connected to nobody, and a probe that waits for connections would keep
 * the first call away. So the service of such a channel is followed from when the channel is built, and the endpoints that the registry
 * lists for it count; as soon as the channel is in use, those that it is connected to count.
 *
 * <p>A client that has found them once has found them, whatever becomes of them: all processes lose a service's servers in the same
 * moment, and would all be taken away with it. Thread-safe.
 */
public final class ReadyEndpoints implements AutoCloseable {

    /**
     * What a client needs.
     *
     * @param client what the application calls it
     * @param service the service that it calls
     * @param least how many endpoints it needs
     * @param found how many there were when it had them, or are now
     * @param isMet whether it has had as many once
     * @param reason why the registry has told of none yet, or null
     */
    public record Need(
            String client,
            String service,
            int least,
            int found,
            boolean isMet,
            @Nullable String reason) {}

    private final LiveEndpoints live;
    private final Map<String, Waiting> clients = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * Creates it.
     *
     * @param live shows the channels that are in use
     */
    public ReadyEndpoints(LiveEndpoints live) {
        this.live = live;
    }

    /** Returns what the clients need for which a channel was built, by their names; those that need nothing are not there. */
    public List<Need> needs() {
        return clients.values().stream()
                .map(Waiting::look)
                .sorted(Comparator.comparing(Need::client))
                .toList();
    }

    /**
     * Hears that a channel was built.
     *
     * @param least more than 0
     */
    void built(String client, int least, String service, EndpointSource source) {
        if (!closed) {
            clients.computeIfAbsent(client, name -> new Waiting(name, service, least))
                    .follow(source);
        }
    }

    /** Follows no service any more. Idempotent. */
    @Override
    public void close() {
        closed = true;
        clients.values().forEach(Waiting::end);
    }

    private OptionalInt connected(String client) {
        return live.channels().stream()
                .filter(channel -> client.equals(channel.client()))
                .mapToInt(channel -> (int) channel.endpoints().stream()
                        .filter(ReadyEndpoints::isReady)
                        .count())
                .max();
    }

    private static boolean isReady(LiveEndpoints.Live endpoint) {
        return endpoint.state() == EndpointState.READY || endpoint.state() == EndpointState.SUSPECT;
    }

    private final class Waiting implements EndpointListener {

        private final String client;
        private final String service;
        private final int least;

        private volatile int listed;
        private volatile @Nullable String reason;
        private @Nullable Subscription subscription;
        private @Nullable Need met;

        Waiting(String client, String service, int least) {
            this.client = client;
            this.service = service;
            this.least = least;
        }

        synchronized void follow(EndpointSource source) {
            if (subscription == null && met == null) {
                try {
                    subscription = source.subscribe(service, this);
                } catch (IllegalArgumentException | IllegalStateException e) {
                    reason = e.getMessage(); // as the channel's calls will say
                }
            }
        }

        synchronized Need look() {
            if (met != null) {
                return met;
            }
            int found = connected(client).orElse(listed);
            Need now = new Need(client, service, least, found, found >= least, reason);
            if (now.isMet()) {
                met = now;
                end();
            }
            return now;
        }

        synchronized void end() {
            if (subscription != null) {
                subscription.close();
                subscription = null;
            }
        }

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            reason = null;
            listed = (int) snapshot.endpoints().stream()
                    .filter(endpoint -> endpoint.state() == Endpoint.State.UP)
                    .count();
        }

        @Override
        public void onUnavailable(String reason) {
            this.reason = reason;
        }
    }
}
