package io.github.grpclb.server;

import io.grpc.Context;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Lets gRPC's health service say {@code NOT_SERVING} from the moment a server begins to leave, before it drains, and {@code SERVING} again
 * when it restarts. Of the server as a whole and of its services those are changed that are said to serve; what the application says
 * of others is its own. The servers of one application share one health service: one that is not registered leaves alone what others
 * still offer. Thread-safe.
 */
public final class ServingStatus {

    private final HealthStatusManager health;
    private final Predicate<Server> isRegistered;
    private final Set<Server> running = new HashSet<>();
    private final List<String> changed = new ArrayList<>();

    /** Of each name that is watched during a drain; to be cancelled. */
    private final List<Context.CancellableContext> watching = new ArrayList<>();

    /**
     * Creates it.
     *
     * @param isRegistered says whether a server is the one that clients find in the registry
     */
    public ServingStatus(HealthStatusManager health, Predicate<Server> isRegistered) {
        this.health = health;
        this.isRegistered = isRegistered;
    }

    /** To be called when a server has started. */
    public synchronized void started(Server server) {
        if (server.getPort() > 0) { // an in-process one is no other server, but a way into the same services
            running.add(server);
        }
        comeBack(server);
    }

    private void comeBack(Server server) {
        List<String> back = new ArrayList<>(changed);
        back.retainAll(names(server));
        changed.removeAll(back);
        back.forEach(name -> health.setStatus(name, HealthCheckResponse.ServingStatus.SERVING));
    }

    /**
     * To be called when the registered server turns its clients away and goes on, and when it takes calls again. Whoever says meanwhile
     * that it serves, as Spring does every 5 s by what the application's health says, is contradicted at once.
     */
    public synchronized void draining(boolean draining) {
        endWatches();
        running.stream().filter(isRegistered).forEach(server -> {
            if (draining) {
                leave(server);
                names(server).stream().filter(changed::contains).forEach(this::watch);
            } else {
                comeBack(server);
            }
        });
    }

    private void endWatches() {
        watching.forEach(watch -> watch.cancel(null));
        watching.clear();
    }

    private void watch(String name) {
        Context.CancellableContext context = Context.ROOT.withCancellation();
        watching.add(context);
        context.run(() -> ask(name, true, status -> {
            if (status == HealthCheckResponse.ServingStatus.SERVING) {
                // later, as the others who watch are still being told of this
                CompletableFuture.runAsync(() -> contradict(name, context));
            }
        }));
    }

    private synchronized void contradict(String name, Context.CancellableContext context) {
        if (watching.contains(context)) {
            health.setStatus(name, HealthCheckResponse.ServingStatus.NOT_SERVING);
        }
    }

    /** To be called when a server is about to leave, before {@link ServerLifecycle#stopping}. */
    public synchronized void stopping(Server server) {
        if (isRegistered.test(server)) {
            endWatches();
        }
        running.remove(server);
        leave(server);
    }

    private void leave(Server server) {
        Set<String> names = names(server);
        if (!isRegistered.test(server)) {
            running.forEach(other -> names.removeAll(names(other)));
        }
        for (String name : names) {
            if (isServing(name)) {
                health.setStatus(name, HealthCheckResponse.ServingStatus.NOT_SERVING);
                changed.add(name);
            }
        }
    }

    /** Its services, and that of all of them. */
    private static Set<String> names(Server server) {
        Set<String> names = new LinkedHashSet<>(Set.of(HealthStatusManager.SERVICE_NAME_ALL_SERVICES));
        server.getServices()
                .forEach(service -> names.add(service.getServiceDescriptor().getName()));
        return names;
    }

    private boolean isServing(String name) {
        boolean[] serving = new boolean[1];
        ask(name, false, status -> serving[0] = status == HealthCheckResponse.ServingStatus.SERVING);
        return serving[0];
    }

    /** Asks the health service, since the manager has no way to. It answers at once; a service that it does not know is an error. */
    private void ask(String name, boolean watch, Consumer<HealthCheckResponse.ServingStatus> answer) {
        if (health.getHealthService() instanceof HealthGrpc.HealthImplBase service) {
            HealthCheckRequest request =
                    HealthCheckRequest.newBuilder().setService(name).build();
            StreamObserver<HealthCheckResponse> observer = new StreamObserver<>() {
                @Override
                public void onNext(HealthCheckResponse response) {
                    answer.accept(response.getStatus());
                }

                @Override
                public void onError(Throwable unknown) {}

                @Override
                public void onCompleted() {}
            };
            if (watch) {
                service.watch(request, observer);
            } else {
                service.check(request, observer);
            }
        }
    }
}
