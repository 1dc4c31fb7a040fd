package io.github.grpclb.resolver;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.hosts.CheckedLookup;
import io.github.grpclb.discovery.hosts.HostLookup;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.discovery.stale.Suspects;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands a service's endpoints to one channel: one address group each, in the source's order.
 *
 * <p>Every field and every method belongs to the channel's {@link SynchronizationContext}: nothing here blocks and nothing throws,
 * since gRPC would give the channel up. Addresses are made elsewhere, on the channel's offload executor, and nothing of gRPC runs
 * on the source's thread.
 *
 * <p>Calls wait for the first list for as long as it may just be slow: until the source says why it has none, or five seconds
 * have passed. Where nobody is listed they wait for a server as long as the channel's {@link InitialWait} has it. From then on
 * those that do not wait for ready fail with the reason.
 *
 * <p>A list that has lost most of its endpoints at once comes with them as {@link Unlisted} ones, for a while. An empty list is never
 * delivered: there are the last endpoints, or, when these are given up too, an error whose cause is a {@link NoEndpointException}.
 * Over any other error a balancer that has servers goes on with them. Nothing of this outlives the channel's idle mode, in which
 * the connections end that alone spoke for those endpoints: it wakes up with what the registry says.
 */
public final class EndpointNameResolver extends NameResolver {

    private static final Logger logger = LoggerFactory.getLogger(EndpointNameResolver.class);

    private static final long FIRST_LIST_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final InitialWait NO_WAIT = new InitialWait(Duration.ZERO);

    /** How long to wait where the executor refuses. */
    private static final long RETRY_MILLIS = 1_000;

    private final String target;
    private final String service;
    private final Args args;
    private final LongSupplier nanoTime;
    private final SynchronizationContext syncContext;
    private final @Nullable EndpointSource source;
    private final @Nullable LiveServiceConfig serviceConfig;
    private final ServiceConfigs serviceConfigs;
    private final BalancerInUse balancerInUse;
    private final Runnable onServiceConfig;
    private final InitialWait initialWait;
    private final Runnable onInitialWait;
    private final EndpointLists lists;
    private final @Nullable ResolverLife life;
    private @Nullable Listener2 listener;
    private EndpointSource.@Nullable Subscription subscription;
    private SynchronizationContext.@Nullable ScheduledHandle firstDelivery;
    private SynchronizationContext.@Nullable ScheduledHandle nextLook;
    private SynchronizationContext.@Nullable ScheduledHandle nextLookup;
    private StatusOr<List<EquivalentAddressGroup>> addresses;
    private @Nullable Unlisted unlisted;
    private BalancingOverride balancing = BalancingOverride.NONE;
    private boolean delivering;
    private boolean awaiting;
    private boolean knewServers;
    private boolean answered;
    private long waitsSince;
    private boolean shutdown;
    private long lastLookupNanos;

    EndpointNameResolver(String target, String service, Args args) {
        this(target, service, args, HostLookup.JVM, System::nanoTime);
    }

    EndpointNameResolver(String target, String service, Args args, HostLookup lookup, LongSupplier nanoTime) {
        Executor offload = Objects.requireNonNull(args.getOffloadExecutor(), "offload executor");
        this.target = target;
        this.service = service;
        this.args = args;
        this.nanoTime = nanoTime;
        this.syncContext = args.getSynchronizationContext();
        this.source = args.getArg(ResolverArgs.SOURCE);
        this.serviceConfig = args.getArg(ResolverArgs.SERVICE_CONFIG);
        this.serviceConfigs = new ServiceConfigs(target, args.getServiceConfigParser());
        BalancerInUse watched = args.getArg(ResolverArgs.BALANCER_IN_USE);
        this.balancerInUse = watched != null ? watched : new BalancerInUse();
        this.onServiceConfig = () -> offload.execute(() -> syncContext.execute(this::deliver));
        InitialWait wait = args.getArg(ResolverArgs.INITIAL_WAIT);
        this.initialWait = wait != null ? wait : NO_WAIT;
        this.onInitialWait = this::waitAnew;
        this.life = args.getArg(ResolverArgs.LIFE);
        Duration staleMax = args.getArg(ResolverArgs.STALE_MAX);
        this.lists = new EndpointLists(
                target,
                offload,
                this::later,
                new CheckedLookup(source == null ? AddressRules.DEFAULT : source.addressRules(), lookup),
                staleMax != null ? staleMax : ResolverArgs.DEFAULT_STALE_MAX,
                nanoTime,
                new FromOffload());
        this.addresses = notReady("no answer yet");
    }

    /** The service's name, what cannot stand in an authority replaced by a dash; never anything that comes from the registry. */
    @Override
    public String getServiceAuthority() {
        return service.replaceAll("[^A-Za-z0-9._~-]", "-");
    }

    @Override
    public void start(Listener2 newListener) {
        listener = newListener;
        if (life != null) {
            life.started();
        }
        lastLookupNanos = nanoTime.getAsLong();
        waitsSince = lastLookupNanos;
        initialWait.addListener(syncContext, onInitialWait);
        if (serviceConfig != null) {
            serviceConfig.addListener(onServiceConfig);
        }
        if (source == null) {
            fail("no source of endpoints: the channel was built without"
                    + " setNameResolverArg(ResolverArgs.SOURCE, source)");
            return;
        }
        firstDelivery = after(
                Math.max(FIRST_LIST_TIMEOUT_NANOS, initialWait.nanos(false)),
                TimeUnit.NANOSECONDS,
                this::startDelivering);
        try {
            subscription = source.subscribe(service, lists);
        } catch (RuntimeException e) {
            logger.warn("{}: cannot follow the service", target, e);
            fail("cannot follow the service: " + e.getMessage());
        }
    }

    @Override
    public void refresh() {
        if (subscription == null) {
            return;
        }
        try {
            subscription.refresh();
        } catch (RuntimeException e) {
            logger.warn("{}: refresh failed", target, e);
        }
        // gRPC asks for a refresh at every failed connection
        if (lists.hasHostNames() && nextLookup == null) {
            long left = lastLookupNanos + HostNames.INTERVAL_NANOS - nanoTime.getAsLong();
            if (left <= 0) {
                lookUpAgain();
            } else {
                nextLookup = after(left, TimeUnit.NANOSECONDS, this::lookUpAgain);
            }
        }
    }

    private void lookUpAgain() {
        nextLookup = null;
        lastLookupNanos = nanoTime.getAsLong();
        lists.lookUpAgain();
    }

    @Override
    public void shutdown() {
        if (life != null && !shutdown) {
            life.closed();
        }
        shutdown = true;
        cancel(firstDelivery);
        cancel(nextLook);
        cancel(nextLookup);
        lists.close();
        initialWait.removeListener(onInitialWait);
        if (serviceConfig != null) {
            serviceConfig.removeListener(onServiceConfig);
        }
        if (subscription != null) {
            try {
                subscription.close();
            } catch (RuntimeException e) {
                logger.warn("{}: unsubscribing failed", target, e);
            }
        }
    }

    private void accept(EndpointLists.Resolved list, long nextNanos) {
        if (!answered && !delivering) {
            // in a JVM that is cold, the first answer may take as long as the wait, and whoever registers waits for the
            // same
            waitsSince = nanoTime.getAsLong();
        }
        answered = true;
        if (!delivering
                || !list.addresses().equals(addresses)
                || !list.unlisted().equals(unlisted)
                || !list.balancing().equals(balancing)) {
            addresses = list.addresses();
            unlisted = list.unlisted();
            balancing = list.balancing();
            knewServers |= !isNobodyListed();
            deliverOrAwait();
        }
        lookIn(nextNanos);
    }

    /** Says nothing of an empty list before the time is over; what has been said already is taken back. */
    private void deliverOrAwait() {
        long left = waitsSince + initialWait.nanos(knewServers) - nanoTime.getAsLong();
        if (left <= 0 || !isNobodyListed()) {
            startDelivering();
            return;
        }
        cancel(firstDelivery);
        firstDelivery = after(left, TimeUnit.NANOSECONDS, this::startDelivering);
        awaiting = true;
        if (addresses.hasValue()) {
            delivering = true;
            deliver();
        } else if (delivering) {
            deliver(NoAddresses.awaited(target, true));
            delivering = false;
        }
    }

    /** Suspects count as nobody: as a rule those of an application that goes on after a pause are its own server, as it was before. */
    private boolean isNobodyListed() {
        return addresses.hasValue()
                ? unlisted != null && unlisted.all()
                : addresses.getStatus().getCause() instanceof NoEndpointException;
    }

    /** The list that is known may be from before the pause: its servers are dialled again, and an empty one is waited out. */
    private void waitAnew() {
        waitsSince = nanoTime.getAsLong();
        knewServers = false;
        if (shutdown || listener == null) {
            return;
        }
        if (addresses.hasValue()) {
            deliver(NoAddresses.awaited(target, false));
        }
        if (addresses.hasValue() || isNobodyListed()) {
            deliverOrAwait();
        }
    }

    private void lookIn(long nanos) {
        cancel(nextLook);
        if (nanos != Suspects.NEVER && !shutdown) {
            nextLook = after(nanos, TimeUnit.NANOSECONDS, lists::lookAtTheTime);
        }
    }

    private void noListYet(String reason) {
        addresses = notReady(reason);
        startDelivering();
    }

    private void fail(String reason) {
        addresses = NoAddresses.error(target, reason);
        startDelivering();
    }

    private void startDelivering() {
        cancel(firstDelivery);
        awaiting = false;
        delivering = true;
        deliver();
    }

    private void deliver() {
        deliver(addresses);
    }

    private void deliver(StatusOr<List<EquivalentAddressGroup>> given) {
        if (shutdown || !delivering || listener == null) {
            return;
        }
        ServiceConfigs.Parsed config = serviceConfigs.parse(serviceConfig == null ? null : serviceConfig.get());
        boolean wasOurs = balancerInUse.isOurs();
        deliver(listener, given, config);
        if (wasOurs && !balancerInUse.isOurs() && config.nothingElse()) {
            deliver(listener, given, config);
        }
    }

    private void deliver(Listener2 to, StatusOr<List<EquivalentAddressGroup>> given, ServiceConfigs.Parsed config) {
        Attributes.Builder attributes = Attributes.newBuilder().set(EndpointAttributes.BALANCER_IN_USE, balancerInUse);
        if (unlisted != null) {
            attributes.set(EndpointAttributes.UNLISTED, awaiting ? unlisted.awaited(target) : unlisted);
        }
        if (!balancing.equals(BalancingOverride.NONE)) {
            attributes.set(EndpointAttributes.BALANCING_OVERRIDE, balancing);
        }
        if (config.balancer() != null) {
            attributes.set(EndpointAttributes.BALANCER_CONFIG, config.balancer());
        }
        ResolutionResult.Builder result =
                ResolutionResult.newBuilder().setAddressesOrError(given).setAttributes(attributes.build());
        if (!config.nothingElse() || !balancerInUse.isOurs()) {
            result.setServiceConfig(config.whole());
        }
        // where the balancer does not like it, the channel asks for a refresh by and by
        to.onResult2(result.build());
        if (given.hasValue()) {
            balancerInUse.delivered(target);
        }
    }

    private StatusOr<List<EquivalentAddressGroup>> notReady(String reason) {
        return NoAddresses.error(target, "discovery not ready: " + reason);
    }

    private SynchronizationContext.ScheduledHandle after(long delay, TimeUnit unit, Runnable task) {
        return syncContext.schedule(task, delay, unit, args.getScheduledExecutorService());
    }

    /** May be called by any thread. */
    private void later(Runnable task) {
        after(RETRY_MILLIS, TimeUnit.MILLISECONDS, () -> {
            if (!shutdown) {
                task.run();
            }
        });
    }

    private static void cancel(SynchronizationContext.@Nullable ScheduledHandle handle) {
        if (handle != null) {
            handle.cancel();
        }
    }

    /** Goes over into the synchronization context. */
    private final class FromOffload implements EndpointLists.Receiver {

        @Override
        public void list(EndpointLists.Resolved list, long nextNanos) {
            syncContext.execute(() -> accept(list, nextNanos));
        }

        @Override
        public void noNewList(long nextNanos) {
            syncContext.execute(() -> {
                if (!delivering) {
                    addresses = notReady("the host names are being looked up");
                }
                lookIn(nextNanos);
            });
        }

        @Override
        public void noListYet(String reason) {
            syncContext.execute(() -> EndpointNameResolver.this.noListYet(reason));
        }

        @Override
        public void unused(UnusedRecords unused) {
            syncContext.execute(() -> {
                if (life != null && !shutdown) {
                    life.unused(unused);
                }
            });
        }
    }
}
