package io.github.grpclb.autoconfigure;

import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.server.ServerSetup;
import io.github.grpclb.server.ServerTraffic;
import io.grpc.Server;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Announces one of an application's gRPC servers once its port listens, and withdraws it while it still serves. Thread-safe. */
public final class AnnouncedServer {

    private static final Logger log = LoggerFactory.getLogger(AnnouncedServer.class);

    private final ServerLifecycle registration;
    private final ServerAnnouncement announcement;
    private final RegisteredServer choice;

    private final Set<String> others = new LinkedHashSet<>();
    private @Nullable Server announced;

    /**
     * Creates it.
     *
     * @param choice which of the servers is announced
     * @throws io.github.grpclb.autoconfigure.properties.InvalidPropertyException if there can be no such server
     */
    public AnnouncedServer(ServerLifecycle registration, ServerAnnouncement announcement, RegisteredServer choice) {
        choice.requireKnown();
        this.registration = registration;
        this.announcement = announcement;
        this.choice = choice;
    }

    /**
     * To be called when a server has started.
     *
     * @param lifecycle the host's bean that started it, or what stands behind its proxy
     * @param address what it is bound to, perhaps a wildcard
     * @param traffic what arrives at it
     */
    public synchronized void started(Object lifecycle, Server server, String address, ServerTraffic traffic) {
        if (server.getPort() <= 0) {
            logWithoutPort(address);
            return;
        }
        String name = choice.describe(lifecycle, server.getPort());
        if (announced != null || !choice.is(lifecycle, server.getPort())) {
            others.add(name);
            log.info("Not registered: {}; {}", name, choice.explain());
        } else if (!ServerSetup.hasOwnService(server)) {
            log.info("Not registered: {} offers nothing but health checks and reflection", name);
        } else {
            announcement.announce(registration, address, server.getPort(), traffic);
            announced = server;
            choice.registered(lifecycle);
        }
    }

    /** To be called when a server is about to stop, while it still serves. Returns when it may. */
    public void stopping(Server server) {
        if (release(server)) {
            registration.stopping();
        }
    }

    /** To be called when the application is ready: by then every server has started. */
    public synchronized void applicationReady() {
        if (choice.wanted() != null && announced == null && !others.isEmpty()) {
            log.warn(
                    "No gRPC server is registered: grpc.lb.registration.server={} names none of those that run: {}",
                    choice.wanted(),
                    String.join(", ", others));
        }
    }

    /** Says whether a server is the one that is announced. */
    public synchronized boolean is(Server server) {
        return announced == server;
    }

    /** Returns whether this was the server that is announced. */
    private synchronized boolean release(Server server) {
        if (announced != server) {
            return false;
        }
        announced = null;
        return true;
    }

    /** Nobody on another machine reaches it; an in-process server is not even meant to be, and is a test's as a rule. */
    private static void logWithoutPort(String address) {
        if (address.startsWith("unix:")) {
            log.info(
                    "Not registered: the gRPC server at {} has no port, so that nobody on another machine reaches it",
                    address);
        } else {
            log.debug("Not registered: the gRPC server at {} listens on no port", address);
        }
    }
}
