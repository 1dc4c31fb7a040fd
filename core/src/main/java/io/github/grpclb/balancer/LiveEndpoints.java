package io.github.grpclb.balancer;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.connection.EndpointStates;
import io.github.grpclb.balancer.pick.ChannelState;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoad;
import io.grpc.Status;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a context's channels as their balancers see them now. A balancer leaves a reference to its newest list here and
 * nothing else; the work is done when somebody reads. A channel without endpoints is there with the reason; one that is idle or closed
 * is not. Thread-safe.
 */
public final class LiveEndpoints {

    /**
     * One endpoint of a channel.
     *
     * @param endpoint what the registry says of it
     * @param state what it can do for the channel
     * @param weight its share of calls relative to the others, before slow start; 0 while it takes none
     * @param load what this process has seen of it
     */
    public record Live(Endpoint endpoint, EndpointState state, double weight, EndpointLoad load) {

        static Live of(EndpointCandidate candidate, Set<Endpoint.Identity> ejected) {
            EndpointState state = EndpointStates.of(candidate, ejected);
            boolean takesCalls = state == EndpointState.READY || state == EndpointState.SUSPECT;
            return new Live(candidate.endpoint(), state, takesCalls ? candidate.weight() : 0, candidate.load());
        }
    }

    /**
     * One channel.
     *
     * @param client what the application calls it ({@link BalancerArgs#CLIENT}), or null where that is not known
     * @param service the service that it calls
     * @param policy the name of the policy that picks, or null where the channel has never known an endpoint
     * @param endpoints all that it knows, in a stable order; empty where calls fail for want of one
     * @param reason what calls fail with while it knows no endpoint; null otherwise
     */
    public record Channel(
            @Nullable String client,
            String service,
            @Nullable String policy,
            List<Live> endpoints,
            @Nullable String reason) {}

    /**
     * What one channel is for.
     *
     * @param service the service that it calls
     * @param policy the name of the policy that picks, or null where the channel has never known an endpoint
     * @param endpoints how many endpoints it knows
     */
    public record Use(String service, @Nullable String policy, int endpoints) {}

    /** What a balancer left. */
    private interface Newest {

        Channel asChannel();

        Use use();

        /** Returns the endpoints of a service. */
        Stream<Live> endpoints(String ofService);
    }

    private record Known(
            @Nullable String client, String service, String policy, List<EndpointCandidate> known, ChannelState state)
            implements Newest {

        @Override
        public Channel asChannel() {
            return new Channel(client, service, policy, endpoints(service).toList(), null);
        }

        @Override
        public Use use() {
            return new Use(service, policy, known.size());
        }

        @Override
        public Stream<Live> endpoints(String ofService) {
            if (!service.equals(ofService)) {
                return Stream.empty();
            }
            Set<Endpoint.Identity> ejected = state.ejected();
            return known.stream().map(candidate -> Live.of(candidate, ejected));
        }
    }

    private record Failing(
            @Nullable String client,
            String service,
            @Nullable String policy,
            String reason) implements Newest {

        @Override
        public Channel asChannel() {
            return new Channel(client, service, policy, List.of(), reason);
        }

        @Override
        public Use use() {
            return new Use(service, policy, 0);
        }

        @Override
        public Stream<Live> endpoints(String ofService) {
            return Stream.empty();
        }
    }

    private final Set<Place> places = ConcurrentHashMap.newKeySet();
    private final AtomicLong changes = new AtomicLong();
    private final ChannelCopies copies = new ChannelCopies();

    /** Returns the channels that can be asked for copies. */
    public ChannelCopies copies() {
        return copies;
    }

    /** Returns all channels as they are now, in no order. */
    public List<Channel> channels() {
        return newest().map(Newest::asChannel).toList();
    }

    /** Returns what all channels are for, in no order. Costs no look at their endpoints. */
    public List<Use> uses() {
        return newest().map(Newest::use).toList();
    }

    /**
     * Returns how often a channel has changed. As long as this stays the same, {@link #endpoints} returns the same: the loads in it are
     * always current.
     */
    public long changes() {
        return changes.get();
    }

    /** Returns the endpoints of a service as they are now; one that several channels know as one of them sees it. */
    public Collection<Live> endpoints(String service) {
        Map<Endpoint.Identity, Live> byIdentity = new LinkedHashMap<>();
        newest().flatMap(newest -> newest.endpoints(service))
                .forEach(each -> byIdentity.putIfAbsent(each.load().identity(), each));
        return byIdentity.values();
    }

    /**
     * Returns a place for a balancer, which is seen as soon as it leaves something there.
     *
     * @param client what the application calls the channel's client
     */
    Place join(@Nullable String client) {
        return new Place(client);
    }

    private Stream<Newest> newest() {
        return places.stream().map(place -> place.newest).filter(Objects::nonNull);
    }

    /** Where a balancer leaves its newest list. */
    final class Place {

        private final @Nullable String client;
        private volatile @Nullable Newest newest;

        private Place(@Nullable String client) {
            this.client = client;
        }

        /**
         * Takes the newest list.
         *
         * @param known not empty
         * @param state read later
         */
        void published(String policy, List<EndpointCandidate> known, ChannelState state) {
            leave(new Known(client, known.get(0).endpoint().service(), policy, known, state));
        }

        /** Hears that there is no endpoint, and what calls fail with. */
        void failing(String service, @Nullable String policy, Status error) {
            String reason = error.getDescription();
            leave(new Failing(
                    client,
                    service,
                    policy,
                    reason != null ? reason : error.getCode().name()));
        }

        /** Gives the place up. */
        void end() {
            places.remove(this);
            changes.incrementAndGet();
        }

        private void leave(Newest next) {
            newest = next;
            places.add(this);
            changes.incrementAndGet();
        }
    }
}
