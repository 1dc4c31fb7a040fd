package io.github.grpclb.balancer;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.connection.EndpointStates;
import io.github.grpclb.balancer.pick.ChainExplanation;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoad;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a context's channels as their balancers see them now. A balancer leaves a reference to its newest list here and
 * nothing else; the work is done when somebody reads. A channel without endpoints is there with the reason; one that is idle is
 * seen by an {@link Explainer} alone. Channels are not kept from the garbage collector by this. Thread-safe.
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

    private final Set<ChannelView> views = Collections.newSetFromMap(new WeakHashMap<>());
    private final AtomicLong changes = new AtomicLong();
    private final ChannelCopies copies = new ChannelCopies();

    /** Returns the channels that can be asked for copies. */
    public ChannelCopies copies() {
        return copies;
    }

    /** Returns all channels that are not idle as they are now, in no order. */
    public List<Channel> channels() {
        List<Channel> channels = new ArrayList<>();
        for (ChannelView view : views()) {
            ChannelView.Newest newest = view.newest();
            if (newest instanceof ChannelView.Known known) {
                channels.add(new Channel(
                        view.client(),
                        known.service(),
                        known.policy(),
                        live(known).toList(),
                        null));
            } else if (newest instanceof ChannelView.Failing failing) {
                channels.add(
                        new Channel(view.client(), failing.service(), failing.policy(), List.of(), failing.reason()));
            }
        }
        return channels;
    }

    /** Returns what all channels are for, in no order. Costs no look at their endpoints. */
    public List<Use> uses() {
        List<Use> uses = new ArrayList<>();
        for (ChannelView view : views()) {
            ChannelView.Newest newest = view.newest();
            if (newest != null) {
                int endpoints = newest instanceof ChannelView.Known known
                        ? known.known().size()
                        : 0;
                uses.add(new Use(newest.service(), newest.policy(), endpoints));
            }
        }
        return uses;
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
        for (ChannelView view : views()) {
            if (view.newest() instanceof ChannelView.Known known
                    && known.service().equals(service)) {
                live(known).forEach(each -> byIdentity.putIfAbsent(each.load().identity(), each));
            }
        }
        return byIdentity.values();
    }

    /**
     * Returns which part of their weight the endpoints of a service have that are new to a channel, above 0 and below 1; the others are not
     * in it. As long as {@link #changes} stays the same, so does this: slow start has a balancer make a picker ever again. Takes a few
     * passes over the endpoints.
     */
    public Map<Endpoint.Identity, Double> slowStarts(String service) {
        Map<Endpoint.Identity, Double> parts = new HashMap<>();
        for (ChannelView view : views()) {
            if (view.newest() instanceof ChannelView.Known known
                    && known.service().equals(service)
                    && known.config().slowStart() != null) {
                ChainExplanation explained = known.chain().explain(known.known(), known.healthChecked());
                for (int i = 0; i < known.known().size(); i++) {
                    Double part = explained.weight(i).slowStart();
                    if (part != null) {
                        parts.merge(known.known().get(i).load().identity(), part, Math::min);
                    }
                }
            }
        }
        return parts;
    }

    /**
     * Returns what is to be seen of a channel, from its first resolver or list on. Whoever holds the channel holds this.
     *
     * @param client what the application calls the channel's client
     * @param nanoTime the monotonic time
     */
    public ChannelView view(@Nullable String client, LongSupplier nanoTime) {
        return new ChannelView(new Views(), client, nanoTime);
    }

    /** Returns the channels that are there, idle ones too, in no order. */
    List<ChannelView> views() {
        synchronized (views) {
            return List.copyOf(views);
        }
    }

    private final class Views implements ChannelView.Place {

        @Override
        public void show(ChannelView view) {
            synchronized (views) {
                views.add(view);
            }
        }

        @Override
        public void hide(ChannelView view) {
            synchronized (views) {
                views.remove(view);
            }
        }

        @Override
        public void changed() {
            changes.incrementAndGet();
        }
    }

    private static Stream<Live> live(ChannelView.Known channel) {
        Set<Endpoint.Identity> ejected = channel.state().ejected();
        return channel.known().stream().map(candidate -> Live.of(candidate, ejected));
    }
}
