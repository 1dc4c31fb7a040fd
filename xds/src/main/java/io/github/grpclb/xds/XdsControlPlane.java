package io.github.grpclb.xds;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.hosts.CheckedLookup;
import io.github.grpclb.discovery.hosts.HostLookup;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.xds.ads.AggregatedDiscovery;
import io.github.grpclb.xds.ads.ClientStatus;
import io.github.grpclb.xds.ads.LoadReporting;
import io.github.grpclb.xds.ads.Observers;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ClusterLoad;
import io.grpc.BindableService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells xDS clients of a registry's services. A client that dials {@code xds:///greeter} asks for the listener {@code greeter}, and is
 * told routes, a cluster and endpoints of that name for as long as its stream is open. A service is followed while anybody asks for it. It
 * exists once it had a server; from then on it is never told to have none.
 *
 * <p>One daemon thread does all of it, but looking up host names. Several control planes beside each other know nothing of each other, and say the same.
 * Thread-safe.
 */
public final class XdsControlPlane implements AutoCloseable {

    private static final int LOOKUPS_AT_ONCE = 8;

    private final ScheduledThreadPoolExecutor executor;
    private final ThreadPoolExecutor lookups;
    private final AggregatedDiscovery discovery;
    private final @Nullable LoadReporting loadReporting;

    /**
     * Creates a control plane.
     *
     * @param source where the endpoints come from; it stays the caller's, to be closed after this
     * @param observers all of them hear; one that throws keeps nobody else from hearing
     */
    public XdsControlPlane(EndpointSource source, XdsOptions options, XdsObserver... observers) {
        XdsObserver observer = new Observers(List.of(observers));
        this.executor = new ScheduledThreadPoolExecutor(1, task -> daemon(task, "grpc-lb-xds"));
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.lookups = new ThreadPoolExecutor(
                LOOKUPS_AT_ONCE,
                LOOKUPS_AT_ONCE,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> daemon(task, "grpc-lb-xds-lookup"));
        lookups.allowCoreThreadTimeOut(true);
        HostLookup lookup = new CheckedLookup(source.addressRules(), HostLookup.JVM);
        RegistryLoop loop = new RegistryLoop(executor, System::nanoTime, new Random());
        this.discovery = new AggregatedDiscovery(
                source, options, observer, onAnswer -> new HostNames(lookup, lookups, onAnswer), loop);
        Duration interval = options.loadReportInterval();
        this.loadReporting = interval == null ? null : new LoadReporting(discovery, options, interval, observer, loop);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Returns the services that a gRPC server has to serve for it: aggregated discovery, the status of its clients and, where load
     * reports are wanted, load reporting. Who reaches them reads the whole registry, and can report what it likes: the server has to see
     * to who that is.
     */
    public List<BindableService> services() {
        List<BindableService> services = new ArrayList<>(List.of(discovery, new ClientStatus(discovery)));
        if (loadReporting != null) {
            services.add(loadReporting);
        }
        return List.copyOf(services);
    }

    /** Returns how many streams are open, of discovery and of load reports together. */
    public int openStreams() {
        return discovery.openStreams() + (loadReporting == null ? 0 : loadReporting.openStreams());
    }

    /**
     * Returns what clients reported of their calls in the last {@link XdsOptions#loadReportInterval} that is over: for each cluster the
     * sums of all clients, sorted by service. Empty where nothing was reported, or load reports are not wanted. A client's calls are
     * among them two intervals after it made them at the latest.
     */
    public List<ClusterLoad> loads() {
        return loadReporting == null ? List.of() : loadReporting.loads();
    }

    /** Finds out which clients have a stream. */
    public CompletableFuture<List<ConnectedClient>> clients() {
        CompletableFuture<List<ConnectedClient>> clients = new CompletableFuture<>();
        discovery.clientStatus(
                node -> true,
                false,
                all -> clients.complete(all.stream().map(ConnectedClient::of).toList()));
        return clients;
    }

    /** Ends all streams, and follows nothing any more. Returns at once. */
    @Override
    public void close() {
        discovery.close();
        if (loadReporting != null) {
            loadReporting.close();
        }
        executor.shutdown();
        lookups.shutdownNow();
    }
}
