package io.github.grpclb.resolver;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.FakeNameServer;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.NameResolver.ResolutionResult;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;

/**
 * A resolver of the service {@code svc}, and the channel that it is started by. Time and threads are fake: what the offload executor
 * has to do, the clock runs.
 */
final class ResolverScene {

    static final Endpoint A = Endpoint.builder("svc", "10.0.0.1", 80).build();
    static final Endpoint B = Endpoint.builder("svc", "10.0.0.2", 80).build();

    final FakeClock clock = new FakeClock();
    final FakeEndpointSource source = new FakeEndpointSource();
    final LiveServiceConfig serviceConfig = new LiveServiceConfig();
    final FakeNameServer nameServer = new FakeNameServer();
    final List<ResolutionResult> results = new ArrayList<>();

    /** The offload executor refuses its tasks. */
    boolean refusing;

    /** Look-ups wait among those under way until a test runs them. */
    boolean slowLookups;

    final Queue<Runnable> underWay = new ArrayDeque<>();

    private final SynchronizationContext syncContext = new SynchronizationContext((thread, e) -> {
        throw new AssertionError("the channel would panic", e);
    });
    private NameResolver resolver;
    private boolean inOffload;

    static Endpoint draining(Endpoint endpoint) {
        return endpoint.toBuilder().state(Endpoint.State.DRAINING).build();
    }

    void start() {
        start("svc", args());
    }

    void start(String service, NameResolver.Args.Builder args) {
        resolver = new EndpointNameResolver("etcd:///" + service, service, args.build(), this::lookUp, clock::nanoTime);
        syncContext.execute(() -> resolver.start(new NameResolver.Listener2() {
            @Override
            public void onResult(ResolutionResult result) {
                syncContext.throwIfNotInThisSynchronizationContext();
                results.add(result);
            }

            @Override
            public void onError(Status error) {
                throw new AssertionError("superseded by onResult2");
            }
        }));
    }

    void refresh() {
        syncContext.execute(resolver::refresh);
    }

    void shutdown() {
        syncContext.execute(resolver::shutdown);
    }

    NameResolver.Args.Builder args() {
        return argsWithoutSource()
                .setArg(ResolverArgs.SOURCE, source)
                .setArg(ResolverArgs.SERVICE_CONFIG, serviceConfig);
    }

    /** The parser refuses a service config with {@code bad} in it, and throws at {@code throws}. */
    NameResolver.Args.Builder argsWithoutSource() {
        return NameResolver.Args.newBuilder()
                .setDefaultPort(443)
                .setProxyDetector(address -> null)
                .setSynchronizationContext(syncContext)
                .setScheduledExecutorService(clock)
                .setOffloadExecutor(this::offload)
                .setServiceConfigParser(new NameResolver.ServiceConfigParser() {
                    @Override
                    public ConfigOrError parseServiceConfig(Map<String, ?> raw) {
                        if (raw.containsKey("throws")) {
                            throw new IllegalStateException("parser broken on purpose");
                        }
                        return raw.containsKey("bad")
                                ? ConfigOrError.fromError(Status.UNKNOWN.withDescription("bad on purpose"))
                                : ConfigOrError.fromConfig(raw);
                    }
                });
    }

    /** The addresses that the channel was given last. */
    List<EquivalentAddressGroup> addresses() {
        return last().getAddressesOrError().getValue();
    }

    List<Endpoint> endpoints() {
        return addresses().stream()
                .map(group -> group.getAttributes().get(EndpointAttributes.ENDPOINT))
                .toList();
    }

    Unlisted unlisted() {
        return last().getAttributes().get(EndpointAttributes.UNLISTED);
    }

    /** The error that the channel was given last. */
    Status error() {
        return last().getAddressesOrError().getStatus();
    }

    ResolutionResult last() {
        return results.get(results.size() - 1);
    }

    private void offload(Runnable task) {
        if (refusing) {
            throw new RejectedExecutionException("on purpose");
        }
        if (slowLookups && inOffload) {
            underWay.add(task);
            return;
        }
        clock.execute(() -> {
            inOffload = true;
            task.run();
            inOffload = false;
        });
    }

    private List<InetAddress> lookUp(String host) throws UnknownHostException {
        syncContextMustNotWait();
        return nameServer.lookUp(host);
    }

    private void syncContextMustNotWait() {
        try {
            syncContext.throwIfNotInThisSynchronizationContext();
        } catch (IllegalStateException expected) {
            return;
        }
        throw new AssertionError("a name server is asked inside the synchronization context");
    }
}
