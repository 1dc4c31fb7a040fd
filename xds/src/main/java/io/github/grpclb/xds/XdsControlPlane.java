package io.github.grpclb.xds;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.hosts.CheckedLookup;
import io.github.grpclb.discovery.hosts.HostLookup;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.xds.ads.AggregatedDiscovery;
import io.github.grpclb.xds.ads.ClientStatus;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.config.XdsOptions;
import io.grpc.BindableService;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

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

    /**
     * Creates a control plane.
     *
     * @param source where the endpoints come from; it stays the caller's, to be closed after this
     */
    public XdsControlPlane(EndpointSource source, XdsOptions options, XdsObserver observer) {
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
        this.discovery = new AggregatedDiscovery(
                source,
                options,
                observer,
                onAnswer -> new HostNames(lookup, lookups, onAnswer),
                new RegistryLoop(executor, System::nanoTime, new Random()));
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Returns the services that a gRPC server has to serve for it: aggregated discovery, and the status of its clients. Who reaches them
     * reads the whole registry: the server has to see to who that is.
     */
    public List<BindableService> services() {
        return List.of(discovery, new ClientStatus(discovery));
    }

    /** Returns how many streams are open. */
    public int openStreams() {
        return discovery.openStreams();
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
        executor.shutdown();
        lookups.shutdownNow();
    }
}
