package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.ServerAnnouncement;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.server.ServerSetup;
import io.github.grpclb.server.ServerTraffic;
import io.grpc.Server;
import java.util.LinkedHashSet;
import java.util.Set;
import net.devh.boot.grpc.server.event.GrpcServerShutdownEvent;
import net.devh.boot.grpc.server.event.GrpcServerStartedEvent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;

/**
 * Ties net.devh's server events to the registration: announced once the port listens, withdrawn while the server still serves (net.devh
 * publishes the shutdown event inline, before it shuts the server down). Of several servers one is announced.
 */
final class ServerEvents implements ApplicationListener<ApplicationEvent> {

    private static final Logger log = LoggerFactory.getLogger(ServerEvents.class);

    private final ServerLifecycle registration;
    private final ServerAnnouncement announcement;
    private final RegisteredServer choice;
    private final TrafficTracking tracking;

    private final Set<String> others = new LinkedHashSet<>();
    private @Nullable Server registered;

    ServerEvents(
            ServerLifecycle registration,
            ServerAnnouncement announcement,
            RegisteredServer choice,
            TrafficTracking tracking) {
        this.registration = registration;
        this.announcement = announcement;
        this.choice = choice;
        this.tracking = tracking;
    }

    @Override
    public void onApplicationEvent(ApplicationEvent event) {
        if (event instanceof GrpcServerStartedEvent started) {
            onStarted(started, tracking.ofStartedServer());
        } else if (event instanceof GrpcServerShutdownEvent shutdown && release(shutdown.getServer())) {
            registration.stopping();
        } else if (event instanceof ApplicationReadyEvent) {
            onReady();
        }
    }

    /** By now every server has started. */
    private synchronized void onReady() {
        if (choice.wanted() != null && registered == null && !others.isEmpty()) {
            log.warn(
                    "No gRPC server is registered: grpc.lb.registration.server={} names none of those that run: {}",
                    choice.wanted(),
                    String.join(", ", others));
        }
    }

    private synchronized void onStarted(GrpcServerStartedEvent event, ServerTraffic traffic) {
        Server server = event.getServer();
        if (server.getPort() <= 0) {
            logWithoutPort(event.getAddress());
            return;
        }
        String name = choice.describe(event.getSource(), server.getPort());
        if (registered != null || !choice.is(event.getSource(), server.getPort())) {
            others.add(name);
            log.info("Not registered: {}; {}", name, choice.explain());
        } else if (!ServerSetup.hasOwnService(server)) {
            log.info("Not registered: {} offers nothing but health checks and reflection", name);
        } else {
            announcement.announce(registration, event.getAddress(), server.getPort(), traffic);
            registered = server;
            choice.registered(event.getSource());
        }
    }

    /** Says whether a server is the one that is registered. */
    synchronized boolean isRegistered(Server server) {
        return registered == server;
    }

    /** Returns whether this was the server that is registered. */
    private synchronized boolean release(Server server) {
        if (registered != server) {
            return false;
        }
        registered = null;
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
