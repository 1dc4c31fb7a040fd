package io.github.grpclb.server;

import io.grpc.Server;
import io.grpc.ServerBuilder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What a host does to the builder of each of its servers, and asks of the server that is built. Thread-safe: it holds nothing. */
public final class ServerSetup {

    /** The least that gRPC's clients take. */
    static final Duration KEEP_ALIVE_TIME = Duration.ofSeconds(10);

    private ServerSetup() {}

    /**
     * Has what arrives at a server noted.
     *
     * @return what arrives, for {@link ServerLifecycle#started} of the server that is built; each builder has its own
     */
    public static ServerTraffic prepare(ServerBuilder<?> builder) {
        ServerTraffic traffic = new ServerTraffic();
        builder.addStreamTracerFactory(new NewCallTracerFactory(traffic.newCalls()))
                .intercept(new StreamTracking(traffic.streams()));
        return traffic;
    }

    /**
     * Lets clients ping as often as gRPC lets them at all. gRPC's own limit, 5 min, answers a client that looks after its connections
     * with a GOAWAY that fails its calls. Not to be called where the user has set a limit: it would be lost.
     */
    public static void permitKeepAlive(ServerBuilder<?> builder) {
        try {
            builder.permitKeepAliveTime(KEEP_ALIVE_TIME.toMillis(), TimeUnit.MILLISECONDS);
        } catch (UnsupportedOperationException e) {
            // an in-process server has no connections
        }
    }

    /** Says whether a server offers more than health checks and reflection, which nobody looks for in a registry. */
    public static boolean hasOwnService(Server server) {
        return server.getServices().stream()
                .map(service -> service.getServiceDescriptor().getName())
                .anyMatch(name -> !name.startsWith("grpc.health.") && !name.startsWith("grpc.reflection."));
    }
}
