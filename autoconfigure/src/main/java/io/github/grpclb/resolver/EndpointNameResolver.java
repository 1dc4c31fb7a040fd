package io.github.grpclb.resolver;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands a service's endpoints to one channel: one address group each, in the source's order.
 *
 * <p>Three kinds of threads meet here. The source's thread only leaves the latest list behind. The channel's offload executor
 * turns it into addresses, one list at a time and always the latest, and may wait for a name server. Everything else belongs to
 * the channel's {@link SynchronizationContext}; there nothing blocks and nothing throws, since gRPC would give the channel up.
 *
 * <p>Nothing is delivered before the first list, or before one second has passed without it: so calls that wait for ready wait,
 * and all others then fail with the reason. A list without endpoints is delivered as an error and never as an empty list, so
 * that a balancer that has servers goes on with them.
 */
public final class EndpointNameResolver extends NameResolver {

    /** The endpoint that an address group is for. */
    public static final Attributes.Key<Endpoint> ENDPOINT = Attributes.Key.create("io.github.grpclb.endpoint");

    private static final Logger logger = LoggerFactory.getLogger(EndpointNameResolver.class);

    /** How long to stay silent while no list is known. */
    static final long FIRST_RESULT_TIMEOUT_MILLIS = 1_000;

    /** gRPC asks for a refresh at every failed connection; name servers are asked no more often than this. */
    static final long LOOKUP_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final String target;
    private final String service;
    private final Args args;
    private final LongSupplier nanoTime;
    private final SynchronizationContext syncContext;
    private final @Nullable EndpointSource source;
    private final @Nullable LiveServiceConfig serviceConfig;

    // from the source's thread to the offload executor
    private volatile @Nullable EndpointSnapshot latest;
    private volatile String unavailable = "no answer yet";
    private final AtomicBoolean lookupWanted = new AtomicBoolean();
    private final SerialWork addressWork;

    // confined to the offload executor, one run at a time
    private final AddressGroups addressGroups;
    private volatile boolean hasHostNames;

    // confined to the synchronization context
    private final ServiceConfigs serviceConfigs;
    private final Runnable onServiceConfig;
    private @Nullable Listener2 listener;
    private EndpointSource.@Nullable Subscription subscription;
    private SynchronizationContext.@Nullable ScheduledHandle firstResultTimeout;
    private SynchronizationContext.@Nullable ScheduledHandle pendingLookup;
    private StatusOr<List<EquivalentAddressGroup>> addresses;
    private boolean delivering;
    private boolean shutdown;
    private long lastLookupNanos;

    EndpointNameResolver(String target, String service, Args args) {
        this(target, service, args, HostLookup.JVM, System::nanoTime);
    }

    EndpointNameResolver(String target, String service, Args args, HostLookup lookup, LongSupplier nanoTime) {
        this.target = target;
        this.service = service;
        this.args = args;
        this.nanoTime = nanoTime;
        this.syncContext = args.getSynchronizationContext();
        this.source = args.getArg(EndpointNameResolverProvider.SOURCE);
        this.serviceConfig = args.getArg(EndpointNameResolverProvider.SERVICE_CONFIG);
        this.addressGroups = new AddressGroups(lookup);
        Executor offload = offloadExecutor(args);
        this.addressWork = new SerialWork(offload, this::resolveLatest);
        this.serviceConfigs = new ServiceConfigs(target, args.getServiceConfigParser());
        this.onServiceConfig = () -> offload.execute(() -> syncContext.execute(this::deliver));
        this.addresses = notReady(unavailable);
    }

    /** The service's name, what could not stand in an authority replaced by a dash; never anything that comes from the registry. */
    @Override
    public String getServiceAuthority() {
        return service.replaceAll("[^A-Za-z0-9._~-]", "-");
    }

    @Override
    public void start(Listener2 listener) {
        this.listener = listener;
        lastLookupNanos = nanoTime.getAsLong();
        if (serviceConfig != null) {
            serviceConfig.addListener(onServiceConfig);
        }
        if (source == null) {
            fail("no source of endpoints: the channel was built without"
                    + " setNameResolverArg(EndpointNameResolverProvider.SOURCE, source)");
            return;
        }
        firstResultTimeout = syncContext.schedule(
                this::startDelivering,
                FIRST_RESULT_TIMEOUT_MILLIS,
                TimeUnit.MILLISECONDS,
                args.getScheduledExecutorService());
        try {
            subscription = source.subscribe(service, new HandOver());
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
        if (hasHostNames && nanoTime.getAsLong() - lastLookupNanos >= LOOKUP_INTERVAL_NANOS) {
            lookUpAgain();
        }
    }

    @Override
    public void shutdown() {
        shutdown = true;
        cancelFirstResultTimeout();
        if (pendingLookup != null) {
            pendingLookup.cancel();
        }
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

    private static Executor offloadExecutor(Args args) {
        Executor executor = args.getOffloadExecutor();
        // only a resolver that is made outside of a channel has none
        return executor != null ? executor : args.getScheduledExecutorService();
    }

    private void resolveLatest() {
        EndpointSnapshot snapshot = latest;
        if (snapshot == null) {
            String reason = unavailable;
            syncContext.execute(() -> noListYet(reason));
            return;
        }
        if (lookupWanted.getAndSet(false)) {
            addressGroups.forgetLookups();
        }
        StatusOr<List<EquivalentAddressGroup>> resolved;
        try {
            resolved = resolve(snapshot);
        } catch (RuntimeException e) {
            logger.warn("{}: the list of revision {} cannot be used", target, snapshot.revision(), e);
            resolved = error("the list of endpoints cannot be used: " + e);
        }
        StatusOr<List<EquivalentAddressGroup>> result = resolved;
        boolean incomplete = addressGroups.awaitsLookups();
        syncContext.execute(() -> {
            accept(result);
            if (incomplete) {
                lookUpLater();
            }
        });
    }

    private StatusOr<List<EquivalentAddressGroup>> resolve(EndpointSnapshot snapshot) {
        if (snapshot.endpoints().isEmpty()) {
            return error("no endpoint is registered");
        }
        List<EquivalentAddressGroup> groups = addressGroups.of(snapshot.endpoints());
        hasHostNames = addressGroups.hasHostNames();
        if (groups.isEmpty()) {
            return error("none of the " + snapshot.endpoints().size() + " endpoints has a host that can be looked up");
        }
        return StatusOr.fromValue(groups);
    }

    private void accept(StatusOr<List<EquivalentAddressGroup>> result) {
        if (delivering && result.equals(addresses)) {
            return;
        }
        addresses = result;
        startDelivering();
    }

    /** Nobody asks for a refresh on behalf of a server that is not in the list. */
    private void lookUpLater() {
        if (shutdown || (pendingLookup != null && pendingLookup.isPending())) {
            return;
        }
        pendingLookup = syncContext.schedule(
                this::lookUpAgain, LOOKUP_INTERVAL_NANOS, TimeUnit.NANOSECONDS, args.getScheduledExecutorService());
    }

    private void lookUpAgain() {
        lastLookupNanos = nanoTime.getAsLong();
        lookupWanted.set(true);
        addressWork.request();
    }

    private void startDelivering() {
        cancelFirstResultTimeout();
        delivering = true;
        deliver();
    }

    private void noListYet(String reason) {
        if (addresses.hasValue()) {
            return;
        }
        addresses = notReady(reason);
        deliver();
    }

    private void fail(String reason) {
        addresses = error(reason);
        startDelivering();
    }

    private void deliver() {
        if (shutdown || !delivering || listener == null) {
            return;
        }
        ResolutionResult.Builder result = ResolutionResult.newBuilder().setAddressesOrError(addresses);
        if (serviceConfig != null) {
            result.setServiceConfig(serviceConfigs.parse(serviceConfig.get()));
        }
        // what the balancer says to it is the channel's concern: it asks for a refresh by and by
        listener.onResult2(result.build());
    }

    private void cancelFirstResultTimeout() {
        if (firstResultTimeout != null) {
            firstResultTimeout.cancel();
            firstResultTimeout = null;
        }
    }

    private StatusOr<List<EquivalentAddressGroup>> notReady(String reason) {
        return error("discovery not ready: " + reason);
    }

    private StatusOr<List<EquivalentAddressGroup>> error(String description) {
        return StatusOr.fromStatus(Status.UNAVAILABLE.withDescription(target + ": " + description));
    }

    /** Runs on the source's thread: leaves behind what it hears and returns. */
    private final class HandOver implements EndpointListener {

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            latest = snapshot;
            addressWork.request();
        }

        @Override
        public void onUnavailable(String reason) {
            unavailable = reason;
            addressWork.request();
        }
    }
}
