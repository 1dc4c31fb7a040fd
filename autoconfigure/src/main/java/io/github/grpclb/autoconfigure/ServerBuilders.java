package io.github.grpclb.autoconfigure;

import io.github.grpclb.server.ServerSetup;
import io.github.grpclb.server.ServerTraffic;
import io.grpc.ServerBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Prepares the builders of servers: what arrives at each server is noted, each for itself, and clients may ping as often as gRPC lets
 * them, unless the application has set a limit. A host shows the builder of a server and not the server, so the two are brought
 * together by their thread: the hosts build a server, start it and publish that without leaving it. Thread-safe.
 */
public final class ServerBuilders {

    private final ThreadLocal<@Nullable ServerTraffic> built = new ThreadLocal<>();
    private final boolean limitsKeepAlive;

    /**
     * Creates it.
     *
     * @param keepAliveLimits the host's properties that limit how often clients may ping
     */
    public ServerBuilders(Environment environment, List<String> keepAliveLimits) {
        Binder binder = Binder.get(environment);
        this.limitsKeepAlive = keepAliveLimits.stream()
                .anyMatch(property -> binder.bind(property, String.class).isBound());
    }

    /** Prepares the builder of a server that this thread is about to start. */
    public void prepare(ServerBuilder<?> server) {
        built.set(ServerSetup.prepare(server));
        if (!limitsKeepAlive) {
            ServerSetup.permitKeepAlive(server);
        }
    }

    /** Returns what arrives at the server that this thread has just started; of one that was built otherwise nothing is known. */
    public ServerTraffic ofStartedServer() {
        ServerTraffic traffic = built.get();
        built.remove();
        return traffic != null ? traffic : new ServerTraffic();
    }
}
