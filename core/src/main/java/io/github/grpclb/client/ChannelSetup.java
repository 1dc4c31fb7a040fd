package io.github.grpclb.client;

import io.github.grpclb.balancer.BalancerArgs;
import io.github.grpclb.balancer.ChannelView;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.BalancerInUse;
import io.github.grpclb.resolver.EndpointNameResolverProvider;
import io.github.grpclb.resolver.InitialWait;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.timeline.Timeline;
import io.github.grpclb.timeline.TimelineSource;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Gives a channel its endpoints, its policy and its load balancing: all that whoever makes channels has to call, for each of them, before
 * it is built. gRPC's registries belong to the whole JVM, so what belongs to an application travels with the channel, and two
 * applications in one JVM do not meet. Thread-safe.
 *
 * <pre>{@code
 * ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder("etcd:///greeter", credentials);
 * ChannelSetup.of(source).build().prepare(builder, "greeter");
 * }</pre>
 */
public final class ChannelSetup {

    /** The highest {@code staleMax}. */
    public static final Duration LONGEST_STALE_MAX = Duration.ofDays(365);

    private final EndpointSource source;
    private final Duration staleMax;
    private final PolicyTable policies;
    private final EndpointLoads loads;
    private final LiveEndpoints live;
    private final @Nullable PickObserver observer;
    private final @Nullable Timeline timeline;
    private final @Nullable ReadyEndpoints ready;
    private final Function<String, ClientSettings> clients;
    private final LogLimit logLimit = new LogLimit(System::nanoTime);
    private final Map<Duration, InitialWait> waits = new ConcurrentHashMap<>();

    private ChannelSetup(Builder settings) {
        this.timeline = settings.timeline;
        this.source = timeline == null ? settings.source : new TimelineSource(settings.source, timeline);
        EndpointNameResolverProvider.register(source.scheme());
        this.staleMax = settings.staleMax;
        this.policies = settings.policies;
        this.loads = settings.loads;
        this.live = settings.live;
        this.observer = settings.observer;
        this.ready = settings.ready;
        this.clients = settings.clients;
    }

    /**
     * Begins a set-up. Targets of the source's scheme are resolved from then on.
     *
     * @param source where the endpoints come from; whoever opened it closes it, after the channels
     */
    public static Builder of(EndpointSource source) {
        return new Builder(source);
    }

    /**
     * Prepares the builder of a channel whose target is resolved by the registry. A builder for one address, such as that of an
     * in-process server, refuses any balancer and is left alone.
     *
     * <p>The service config stays the user's: a default of ours would take the place of his, or his of ours.
     *
     * @param client what the application calls the client, for its settings, logs and metrics
     */
    public void prepare(ManagedChannelBuilder<?> builder, String client) {
        if (!choosesBalancer(builder)) {
            return;
        }
        ClientSettings settings = clients.apply(client);
        ChannelView view = live.view(client, loads.nanoTime());
        builder.intercept(RoutingKeys.hashKeyFromContext(), new BrokenConnectionInterceptor())
                .setNameResolverArg(ResolverArgs.STALE_MAX, staleMax)
                .setNameResolverArg(ResolverArgs.BALANCER_IN_USE, new BalancerInUse(client, logLimit))
                .setNameResolverArg(BalancerArgs.CONFIG, settings.balancer())
                .setNameResolverArg(BalancerArgs.MEMORY, new ChannelMemory(policies))
                .setNameResolverArg(BalancerArgs.LOADS, loads)
                .setNameResolverArg(BalancerArgs.COPIES, live.copies())
                .setNameResolverArg(BalancerArgs.VIEW, view)
                .setNameResolverArg(ResolverArgs.LIFE, view)
                .setNameResolverArg(BalancerArgs.LOG_LIMIT, logLimit)
                .setNameResolverArg(BalancerArgs.CLIENT, client);
        if (observer != null) {
            builder.setNameResolverArg(BalancerArgs.OBSERVER, observer);
        }
        if (timeline != null) {
            builder.setNameResolverArg(BalancerArgs.TIMELINE, timeline);
        }
        ReadyEndpoints ready = this.ready;
        if (ready != null && settings.minReadyEndpoints() > 0) {
            builder.setNameResolverArg(
                    ResolverArgs.BUILT,
                    (service, from) -> ready.built(client, settings.minReadyEndpoints(), service, from));
        }
        if (settings.fixedEndpoints().isEmpty()) {
            builder.setNameResolverArg(ResolverArgs.SOURCE, source)
                    .setNameResolverArg(
                            ResolverArgs.INITIAL_WAIT, waits.computeIfAbsent(settings.initialWait(), InitialWait::new));
        } else {
            builder.setNameResolverArg(ResolverArgs.SOURCE, FixedSource.of(settings));
        }
    }

    /** Returns the scheme of the targets that the source resolves: a channel with another one is not to be prepared. */
    public String scheme() {
        return source.scheme();
    }

    private static boolean choosesBalancer(ManagedChannelBuilder<?> builder) {
        try {
            builder.defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME);
            return true;
        } catch (IllegalStateException | UnsupportedOperationException e) {
            return false;
        }
    }

    /**
     * Has channels that know no server wait for a first one again ({@link InitialWait#begin}): for when the application has started, or
     * goes on after a pause, and with it servers of its own.
     */
    public void waitAnew() {
        InitialWait.begin(waits.values());
    }

    /** The endpoints of one client, whatever the channel's target is. */
    private record FixedSource(EndpointSource source, String service) implements EndpointSource {

        static FixedSource of(ClientSettings settings) {
            String service = settings.fixedEndpoints().get(0).service();
            return new FixedSource(new StaticEndpointSource(Map.of(service, settings.fixedEndpoints())), service);
        }

        @Override
        public Subscription subscribe(String name, EndpointListener listener) {
            return source.subscribe(service, listener);
        }

        @Override
        public void close() {
            source.close();
        }
    }

    /** What all channels of an application share. Not thread-safe. */
    public static final class Builder {

        private final EndpointSource source;
        private Duration staleMax = ResolverArgs.DEFAULT_STALE_MAX;
        private PolicyTable policies = Policies.with(List.of());
        private EndpointLoads loads = new EndpointLoads();
        private LiveEndpoints live = new LiveEndpoints();
        private @Nullable PickObserver observer;
        private @Nullable ReadyEndpoints ready;
        private @Nullable Timeline timeline;
        private Function<String, ClientSettings> clients = client -> ClientSettings.DEFAULT;

        private Builder(EndpointSource source) {
            this.source = source;
        }

        /** Sets what holds for each client, asked for once a channel; {@link ClientSettings#DEFAULT} for all unless it is set. */
        public Builder clients(Function<String, ClientSettings> clients) {
            this.clients = clients;
            return this;
        }

        /** Sets the policies that clients may use; the built-in ones unless it is set. */
        public Builder policies(PolicyTable policies) {
            this.policies = policies;
            return this;
        }

        /**
         * Sets the longest time that endpoints are kept which vanished from the registry together; five minutes unless it is set.
         *
         * @param staleMax 0 (the registry is trusted at once) to {@link #LONGEST_STALE_MAX}
         * @throws IllegalValueException if it is out of its range
         */
        public Builder staleMax(Duration staleMax) {
            if (staleMax.isNegative() || staleMax.compareTo(LONGEST_STALE_MAX) > 0) {
                throw new IllegalValueException("staleMax", staleMax, "0 to 365 d");
            }
            this.staleMax = staleMax;
            return this;
        }

        /** Sets what is known of the servers' load; unless it is set, only what these channels see. */
        public Builder loads(EndpointLoads loads) {
            this.loads = loads;
            return this;
        }

        /** Sets what shows the endpoints of the channels. */
        public Builder live(LiveEndpoints live) {
            this.live = live;
            return this;
        }

        /** Sets who hears of calls and picks; null for nobody, which costs nothing. */
        public Builder observer(@Nullable PickObserver observer) {
            this.observer = observer;
            return this;
        }

        /** Sets who hears of what becomes of the servers; null for nobody. */
        public Builder timeline(@Nullable Timeline timeline) {
            this.timeline = timeline;
            return this;
        }

        /** Sets who looks after the endpoints that clients need to begin with; null for nobody. */
        public Builder ready(@Nullable ReadyEndpoints ready) {
            this.ready = ready;
            return this;
        }

        /** Returns the set-up. */
        public ChannelSetup build() {
            return new ChannelSetup(this);
        }
    }
}
