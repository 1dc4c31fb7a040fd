package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.follow.FollowedSource;
import io.github.grpclb.discovery.follow.LastLists;
import io.github.grpclb.discovery.snapshot.SnapshotStore;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endpoints of Kubernetes' Services, from their EndpointSlices. A service is {@code service.namespace:port}, so that a target is
 * {@code k8s:///greeter.shop:grpc}; the port is a name or a number of the slices' ports (at which the pods listen), and may be left out
 * where there is only one; the namespace may be left out where it is the one of {@link KubernetesOptions#namespace()}.
 *
 * <pre>{@code
 * EndpointSource source = new KubernetesEndpointSource(KubernetesOptions.inCluster(), RegistryObserver.NONE);
 * }</pre>
 *
 * <p>An endpoint takes calls while it is ready, and counts as draining while it is terminating and still serving; all others are left
 * out. A Service is listed and watched once, however many subscribers it has, over one connection; it is followed for a while after the
 * last one left. While the API server is away the last list stands. All of it runs on one daemon thread; the JDK's HTTP client has one, too,
 * and two that come and go. Thread-safe.
 */
public final class KubernetesEndpointSource implements EndpointSource, RegistryStatus {

    /** The scheme of its targets. */
    public static final String SCHEME = "k8s";

    private static final Logger log = LoggerFactory.getLogger(KubernetesEndpointSource.class);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final KubernetesOptions options;
    private final KubernetesLoop loop;
    private final ApiStatus status;
    private final FollowedSource source;
    private final SliceCatalog catalog;
    private final Runnable end;

    /**
     * Creates a source. Nothing is asked for before the first subscription.
     *
     * @param observer hears of watches
     * @throws IllegalValueException if the directory for snapshots cannot be used
     */
    public KubernetesEndpointSource(KubernetesOptions options, RegistryObserver observer) {
        this(options, observer, listsOf(options), executor());
    }

    private KubernetesEndpointSource(
            KubernetesOptions options,
            RegistryObserver observer,
            LastLists<List<Endpoint>> lists,
            ScheduledThreadPoolExecutor executor) {
        this.options = options;
        this.loop = new KubernetesLoop(executor, System::nanoTime, new Random());
        this.status = new ApiStatus(loop, options.apiServer());
        Following following = new Following(loop, new HttpApi(loop, options), options, lists, observer, status);
        this.source = source(following);
        this.catalog = new SliceCatalog(following);
        this.end = () -> end(loop, executor);
    }

    /** Creates a source with a thread and an API of the caller's. */
    KubernetesEndpointSource(Following following) {
        this.options = following.options();
        this.loop = following.loop();
        this.status = following.status();
        this.source = source(following);
        this.catalog = new SliceCatalog(following);
        this.end = () -> {};
    }

    private static FollowedSource source(Following following) {
        return new FollowedSource(
                following.loop(),
                (service, publisher) -> new SliceFeed(service, following, publisher),
                following.lists(),
                following.observer(),
                following.options().linger());
    }

    private static LastLists<List<Endpoint>> listsOf(KubernetesOptions options) {
        return options.snapshots() == null
                ? LastLists.none()
                : SnapshotStore.open(options.snapshots(), new EndpointFormat(options));
    }

    private static ScheduledThreadPoolExecutor executor() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "grpc-lb-kubernetes");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // now, where the lack of a thread ends a start, and not below a channel's first call
        executor.prestartCoreThread();
        return executor;
    }

    /** Ends the thread when it has done what it was given. */
    private static void end(KubernetesLoop loop, ScheduledThreadPoolExecutor executor) {
        CountDownLatch done = new CountDownLatch(1);
        try {
            if (loop.execute(done::countDown) && !done.await(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("Kubernetes' watches could not be ended within {} ms", CLOSE_LIMIT.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.shutdown();
    }

    @Override
    public String scheme() {
        return SCHEME;
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        ServiceTarget.parse(service, options.namespace());
        return source.subscribe(service, listener);
    }

    /** Returns the Services of {@link KubernetesOptions#namespace()}, as targets name them; others are not asked for. */
    @Override
    public ServiceCatalog catalog() {
        return catalog;
    }

    @Override
    public AddressRules addressRules() {
        return options.addresses();
    }

    @Override
    public String name() {
        return status.name();
    }

    @Override
    public @Nullable String unreachableBecause() {
        return status.unreachableBecause();
    }

    @Override
    public @Nullable String refusedBecause() {
        return status.refusedBecause();
    }

    @Override
    public @Nullable Duration sinceLastAnswer() {
        return status.sinceLastAnswer();
    }

    /** Ends all watches, their connections and the thread. Takes up to 4 s, as a rule milliseconds. */
    @Override
    public void close() {
        source.close();
        catalog.close();
        end.run();
    }
}
