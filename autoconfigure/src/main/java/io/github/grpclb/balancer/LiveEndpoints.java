package io.github.grpclb.balancer;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.NameResolver;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The endpoints of a context's channels as their balancers see them now. A balancer leaves a reference to its newest list here and
 * nothing else; the work is done when somebody reads. Channels that are idle or closed have none. Thread-safe.
 */
public final class LiveEndpoints {

    /** The live endpoints of the context that a channel belongs to. Without it nobody sees them. */
    public static final NameResolver.Args.Key<LiveEndpoints> KEY =
            NameResolver.Args.Key.create("io.github.grpclb.live-endpoints");

    /** What an endpoint can do for a channel. */
    public enum State {
        /** Connected, and taking calls. */
        READY,
        /** Connected, and taking calls; the registry no longer lists it. */
        SUSPECT,
        /** Connected, and taken out as an outlier for a while. */
        EJECTED,
        /** Being connected to. */
        CONNECTING,
        /** Not connected, and not being connected to. */
        IDLE,
        /** The last attempt to connect failed. */
        FAILING,
        /** About to leave, whatever the connection. */
        DRAINING;

        static State of(EndpointCandidate candidate, Set<Endpoint.Identity> ejected) {
            if (candidate.isDraining()) {
                return DRAINING;
            }
            return switch (candidate.state()) {
                case READY -> {
                    if (ejected.contains(candidate.load().identity())) {
                        yield EJECTED;
                    }
                    yield candidate.suspect() ? SUSPECT : READY;
                }
                case CONNECTING -> CONNECTING;
                case IDLE -> IDLE;
                case TRANSIENT_FAILURE, SHUTDOWN -> FAILING;
            };
        }
    }

    /**
     * One endpoint of a channel.
     *
     * @param endpoint what the registry says of it
     * @param state what it can do for the channel
     * @param weight its share of calls relative to the others, before slow start; 0 while it takes none
     * @param load what this process has seen of it
     */
    public record Live(Endpoint endpoint, State state, double weight, EndpointLoad load) {

        static Live of(EndpointCandidate candidate, Set<Endpoint.Identity> ejected) {
            State state = State.of(candidate, ejected);
            boolean takesCalls = state == State.READY || state == State.SUSPECT;
            return new Live(candidate.endpoint(), state, takesCalls ? candidate.weight() : 0, candidate.load());
        }
    }

    /**
     * One channel with endpoints.
     *
     * @param service the service that it calls
     * @param policy the name of the policy that picks
     * @param endpoints all that it knows, in a stable order
     */
    public record Channel(String service, String policy, List<Live> endpoints) {}

    private record Newest(String service, String policy, List<EndpointCandidate> known, ChannelState state) {

        Channel asChannel() {
            return new Channel(service, policy, endpoints().toList());
        }

        Stream<Live> endpoints() {
            Set<Endpoint.Identity> ejected = state.ejected();
            return known.stream().map(candidate -> Live.of(candidate, ejected));
        }
    }

    private final Map<PolicyLoadBalancer, Newest> balancers = new ConcurrentHashMap<>();

    /** Returns all channels as they are now, in no order. */
    public List<Channel> channels() {
        return balancers.values().stream().map(Newest::asChannel).toList();
    }

    /** Returns the endpoints of a service as they are now; one that several channels know as one of them sees it. */
    public Collection<Live> endpoints(String service) {
        Map<Endpoint.Identity, Live> byIdentity = new LinkedHashMap<>();
        for (Newest newest : balancers.values()) {
            if (newest.service.equals(service)) {
                newest.endpoints()
                        .forEach(each -> byIdentity.putIfAbsent(each.load().identity(), each));
            }
        }
        return byIdentity.values();
    }

    /**
     * Takes the newest list of a balancer.
     *
     * @param known not empty
     * @param state read later
     */
    void published(PolicyLoadBalancer balancer, String policy, List<EndpointCandidate> known, ChannelState state) {
        balancers.put(balancer, new Newest(known.get(0).endpoint().service(), policy, known, state));
    }

    /** Forgets a balancer. */
    void ended(PolicyLoadBalancer balancer) {
        balancers.remove(balancer);
    }
}
