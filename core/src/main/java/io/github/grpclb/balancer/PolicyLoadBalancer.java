package io.github.grpclb.balancer;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.balancer.connection.ChildList;
import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.connection.EndpointChild;
import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.EndpointStates;
import io.github.grpclb.balancer.pick.AwaitedPicker;
import io.github.grpclb.balancer.pick.ChannelCopy;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.balancer.pick.ChannelPicker;
import io.github.grpclb.balancer.pick.NoEndpointPicker;
import io.github.grpclb.balancer.pick.PickerChain;
import io.github.grpclb.balancer.pick.RoutingPicker;
import io.github.grpclb.balancer.pick.ServerIds;
import io.github.grpclb.balancer.pick.StepFactory;
import io.github.grpclb.balancer.pick.StepTimer;
import io.github.grpclb.balancer.pick.Subset;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.github.grpclb.resolver.NoEndpointException;
import io.github.grpclb.resolver.Unlisted;
import io.github.grpclb.timeline.Timeline;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The load balancer {@code endpoint_lb}: keeps one connection per endpoint and lets a {@link Policy} choose among them. It is the
 * only balancer for all policies, so that another policy, another weight or another option acts on a live channel without a new
 * connection.
 *
 * <p><b>Threads.</b> Every method and every field belongs to the channel's {@link SynchronizationContext}, and so do the children.
 * Pickers are immutable snapshots that calls use on any thread; all that they share are the policy's own counters and the index of
 * {@link ServerIds}. Nothing here blocks, and nothing throws: gRPC gives a channel up for good after an exception.
 *
 * <p><b>Picking.</b> A call that names a server goes to that server, also where it is ejected. All others go through what is
 * configured of the steps: servers that fail are left out, unless too few would be left; of the rest a call chooses by tags, and
 * then by zone; new servers get less. What remains is the policy's ({@link LbConfig}).
 *
 * <p><b>Subset.</b> Where so many servers only are to be connected to, they are drawn from each part that tags and zone make
 * ({@link Subset}). The others are asleep: a call that names one by id, tag or hash key has it connected to and waits for that; it
 * is let go when no call has gone there for a minute or two.
 *
 * <p><b>Publishing.</b> A new picker goes out at once when the balancer's state changes, else at most 5 ms after a child changed,
 * and not at all when it would be the same. It goes out before a removed child is shut down, so that no call meets a closed
 * connection.
 *
 * <p><b>Bad news.</b> An error or an empty list from the resolver is answered and otherwise ignored while there are servers. A
 * configuration that cannot be used leaves the one before in place. Endpoints that are no longer registered stay, where the resolver
 * says so ({@link Unlisted}), while their connections are ready; they are not connected to again. When none is left, or the
 * resolver gives the last ones up ({@link NoEndpointException}), calls fail with that.
 */
@Internal
public final class PolicyLoadBalancer extends LoadBalancer {

    /** A list of 10 000 endpoints connects in as many events; they end in a handful of pickers. */
    private static final long COALESCE_MILLIS = 5;

    /** A connection outside of the subset is given up when there was no call for one to two of these times. */
    static final long SPARE_SECONDS = 60;

    private final Helper helper;
    private final SynchronizationContext syncContext;
    private final ChannelMemory memory;
    private final CallTracking tracking;
    private final ConfiguredChain configured;
    private final ChannelCopies.Place copies;
    private final ChannelView view;
    private final @Nullable ChannelEvents events;
    private final ChildList children;
    private final StepTimer timer;
    private final EndpointChild.Membership membership = new OfSubset();
    private SynchronizationContext.@Nullable ScheduledHandle spares;
    private @Nullable Published published;
    private ServerIds serverIds = ServerIds.NONE;
    private SynchronizationContext.@Nullable ScheduledHandle pendingPublish;
    private Status noneLeft = Status.UNAVAILABLE;
    private boolean accepting;
    private boolean healthChecked;
    private long listNanos;

    /**
     * Creates a balancer.
     *
     * @param helper the channel
     * @param fresh for a channel that brings no {@link BalancerArgs#MEMORY}
     */
    PolicyLoadBalancer(Helper helper, ChannelMemory fresh) {
        NameResolver.Args args = helper.getNameResolverArgs();
        ChannelMemory own = args.getArg(BalancerArgs.MEMORY);
        EndpointLoads shared = args.getArg(BalancerArgs.LOADS);
        ChannelView shown = args.getArg(BalancerArgs.VIEW);
        Timeline timeline = args.getArg(BalancerArgs.TIMELINE);
        this.helper = helper;
        this.syncContext = helper.getSynchronizationContext();
        this.memory = own != null ? own : fresh;
        this.tracking = new CallTracking(
                shared != null ? shared : new EndpointLoads(),
                args.getArg(BalancerArgs.OBSERVER),
                BalancerArgs.logLimit(args));
        this.configured = new ConfiguredChain(
                new StepFactory.Setting(memory, tracking, helper.getAuthority(), () -> ThreadLocalRandom.current()
                        .nextDouble()));
        this.copies = joinCopies(args);
        this.view = shown != null ? shown : newView(args);
        this.events = timeline == null ? null : new ChannelEvents(timeline, memory.state());
        this.children = new ChildList(helper, tracking, new OfChildren());
        this.timer = new StepTimer(helper, this::onTime);
    }

    private ChannelView newView(NameResolver.Args args) {
        LiveEndpoints live = args.getArg(BalancerArgs.LIVE_ENDPOINTS);
        return (live != null ? live : new LiveEndpoints())
                .view(args.getArg(BalancerArgs.CLIENT), tracking.loads().nanoTime());
    }

    @Override
    public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
        if (resolved.getAddresses().isEmpty()) {
            Status empty =
                    Status.UNAVAILABLE.withDescription(helper.getAuthority() + ": the list of endpoints is empty");
            handleNameResolutionError(empty);
            return empty;
        }
        BalancingOverride override = resolved.getAttributes().get(EndpointAttributes.BALANCING_OVERRIDE);
        Status taken = configured.take(
                resolved.getLoadBalancingPolicyConfig() instanceof LbConfig given ? given : LbConfig.DEFAULT,
                override == null ? BalancingOverride.NONE : override,
                key -> hasTag(key, resolved.getAddresses()));
        PickerChain current = configured.chain();
        if (current == null) {
            handleNameResolutionError(taken);
            return taken;
        }
        Attributes attributes = resolved.getAttributes().toBuilder()
                .set(IS_PETIOLE_POLICY, true)
                .build();
        Unlisted unlisted = resolved.getAttributes().get(EndpointAttributes.UNLISTED);
        noneLeft = unlisted != null ? unlisted.none() : noneLeft;
        healthChecked = attributes.get(ATTR_HEALTH_CHECKING_CONFIG) != null;
        listNanos = tracking.loads().nanoTime().getAsLong();
        accepting = true;
        children.setMembership(configured.config().subsetSize() > 0 ? membership : null);
        ChildList.Update update = children.update(resolved.getAddresses(), unlisted, attributes);
        accepting = false;
        publishOrFail(current);
        tracking.suspected(update.suspected());
        update.removed().forEach(EndpointChild::shutdown);
        return taken;
    }

    private static boolean hasTag(String key, List<EquivalentAddressGroup> groups) {
        TagRule rule = new TagRule(key, null, true, Map.of());
        return groups.stream()
                .map(group -> group.getAttributes().get(EndpointAttributes.ENDPOINT))
                .anyMatch(endpoint -> endpoint != null && rule.valueOf(endpoint) != null);
    }

    @Override
    public void handleNameResolutionError(Status error) {
        if (error.getCause() instanceof EndpointAwaitedException awaited && !awaited.isOfNone()) {
            children.outdateFailed();
        } else if (children.isEmpty() || isVerdict(error)) {
            List<EndpointChild> givenUp = children.clear();
            fail(error);
            givenUp.forEach(EndpointChild::shutdown);
        }
    }

    private static boolean isVerdict(Status error) {
        return error.getCause() instanceof NoEndpointException || isAwaited(error);
    }

    /** Who was known is registered no more, and somebody is about to be. */
    private static boolean isAwaited(Status none) {
        return none.getCause() instanceof EndpointAwaitedException;
    }

    @Override
    public void requestConnection() {
        children.requestConnections();
    }

    @Override
    public void shutdown() {
        cancelPendingPublish();
        cancelSpares();
        timer.cancel();
        children.shutdown();
        copies.end();
        view.end(this);
        tracking.endpointsAre(EndpointCounts.NONE);
        tracking.panickingAre(0);
    }

    private void onTime() {
        PickerChain current = configured.chain();
        if (current != null && !children.isEmpty()) {
            if (current.elapse()) {
                published = null;
                publish(current);
            }
            timer.wakeIn(current.due());
        }
    }

    private void publishOrFail(PickerChain current) {
        if (children.isEmpty()) {
            fail(noneLeft);
        } else {
            publish(current);
        }
    }

    /** There is no endpoint: calls fail, or wait for one. */
    private void fail(Status error) {
        cancelPendingPublish();
        timer.cancel();
        published = null;
        String policy = configured.chain() == null ? null : configured.config().policy();
        boolean awaited = isAwaited(error);
        String reason = error.getDescription();
        copies.calls(
                helper.getAuthority(),
                policy,
                reason != null ? reason : error.getCode().name());
        view.leave(
                this,
                new ChannelView.Failing(
                        helper.getAuthority(),
                        policy,
                        awaited ? ConnectivityState.CONNECTING : ConnectivityState.TRANSIENT_FAILURE,
                        reason != null ? reason : error.getCode().name()));
        if (events != null) {
            events.noneLeft();
        }
        tracking.endpointsAre(EndpointCounts.NONE);
        tracking.panickingAre(0);
        if (awaited) {
            helper.updateBalancingState(
                    ConnectivityState.CONNECTING, new AwaitedPicker(tracking, helper.getAuthority(), error));
        } else {
            helper.updateBalancingState(
                    ConnectivityState.TRANSIENT_FAILURE, new NoEndpointPicker(tracking, helper.getAuthority(), error));
        }
    }

    private void publish(PickerChain current) {
        cancelPendingPublish();
        keepSubset(current);
        Published next = new Published(children.state(), children.candidates(), current);
        if (published != null && published.isSameAs(next)) {
            return;
        }
        published = next;
        serverIds = serverIds.next(next.known);
        copies.calls(next.known.get(0).endpoint().service(), configured.config().policy(), null);
        SubchannelPicker others = pickerForOthers(next);
        show(next);
        tellCounts(next.known);
        helper.updateBalancingState(
                next.state, new RoutingPicker(configured.config(), tracking, serverIds, next.known, others));
        timer.wakeIn(current.due());
    }

    private ChannelCopies.Place joinCopies(NameResolver.Args args) {
        ChannelCopies all = args.getArg(BalancerArgs.COPIES);
        return (all != null ? all : new ChannelCopies()).join(args.getArg(BalancerArgs.CLIENT), this::copyInContext);
    }

    /** Copies what this picks by, for whoever tries picks. Asked on any thread. */
    private CompletableFuture<Optional<ChannelCopy>> copyInContext() {
        CompletableFuture<Optional<ChannelCopy>> copy = new CompletableFuture<>();
        syncContext.execute(() -> {
            try {
                copy.complete(Optional.ofNullable(published)
                        .map(last -> new ChannelCopy(
                                configured.config(),
                                last.known,
                                memory,
                                tracking.loads().nanoTime().getAsLong())));
            } catch (RuntimeException e) {
                copy.completeExceptionally(e);
            }
        });
        return copy;
    }

    private void show(Published now) {
        view.leave(
                this,
                new ChannelView.Known(
                        now.known.get(0).endpoint().service(),
                        configured.config(),
                        now.state,
                        now.known,
                        memory.state(),
                        now.chain,
                        healthChecked,
                        listNanos));
        if (events != null) {
            events.published(configured.config().policy(), now.known);
        }
    }

    private void tellCounts(List<EndpointCandidate> known) {
        if (tracking.observer() != null && !known.isEmpty()) {
            tracking.serviceIs(known.get(0).endpoint().service());
            tracking.endpointsAre(EndpointStates.count(known, memory.state().ejected()));
            tracking.panickingAre(memory.state().panicking().size());
        }
    }

    /** Connects to the members of the subset as it is now, and sees to the others later. */
    private void keepSubset(PickerChain current) {
        if (configured.config().subsetSize() == 0) {
            cancelSpares();
            return;
        }
        boolean before = accepting;
        accepting = true;
        children.keep(current.members(children.candidates()));
        accepting = before;
        if (children.hasSpares() && spares == null) {
            spares = syncContext.schedule(
                    this::giveUpSpares, SPARE_SECONDS, TimeUnit.SECONDS, helper.getScheduledExecutorService());
        }
    }

    private void giveUpSpares() {
        spares = null;
        PickerChain current = configured.chain();
        if (current != null && !children.isEmpty()) {
            current.passUseOn();
            List<Runnable> closing = children.sleepUnused();
            publish(current);
            closing.forEach(Runnable::run);
        }
    }

    private void cancelSpares() {
        if (spares != null) {
            spares.cancel();
            spares = null;
        }
    }

    private SubchannelPicker pickerForOthers(Published next) {
        return ChannelPicker.of(configured.config(), tracking, next.state, next.known, next.chain::picker);
    }

    private void cancelPendingPublish() {
        if (pendingPublish != null) {
            pendingPublish.cancel();
            pendingPublish = null;
        }
    }

    private final class OfChildren implements ChildList.Listener {

        @Override
        public void onChange() {
            PickerChain current = configured.chain();
            if (accepting || current == null) {
                return;
            }
            if (published == null || published.state != children.state()) {
                publish(current);
            } else if (pendingPublish == null) {
                pendingPublish = syncContext.schedule(
                        () -> publish(current),
                        COALESCE_MILLIS,
                        TimeUnit.MILLISECONDS,
                        helper.getScheduledExecutorService());
            }
        }

        /** At once: a call that still picked the suspect would connect it again. */
        @Override
        public void onSuspectFailed() {
            PickerChain current = configured.chain();
            if (current != null) {
                publishOrFail(current);
            }
        }
    }

    private final class OfSubset implements EndpointChild.Membership {

        @Override
        public long rank(String address) {
            return Subset.rank(memory.seed(), address);
        }

        @Override
        public void wanted(EndpointChild child) {
            if (!child.isClosed() && child.isAsleep()) {
                boolean before = accepting;
                accepting = true;
                children.wake(child);
                accepting = before;
                PickerChain current = configured.chain();
                if (current != null) {
                    publish(current);
                }
            }
        }
    }

    /** What the last picker was made of. */
    private record Published(ConnectivityState state, List<EndpointCandidate> known, PickerChain chain) {

        boolean isSameAs(Published other) {
            if (state != other.state || chain != other.chain || known.size() != other.known.size()) {
                return false;
            }
            for (int i = 0; i < known.size(); i++) {
                if (known.get(i) != other.known.get(i)) {
                    return false;
                }
            }
            return true;
        }
    }
}
