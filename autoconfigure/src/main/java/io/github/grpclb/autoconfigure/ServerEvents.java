package io.github.grpclb.autoconfigure;

import io.github.grpclb.registration.ServerRegistration;
import io.grpc.Server;
import net.devh.boot.grpc.server.event.GrpcServerLifecycleEvent;
import net.devh.boot.grpc.server.event.GrpcServerShutdownEvent;
import net.devh.boot.grpc.server.event.GrpcServerStartedEvent;
import net.devh.boot.grpc.server.event.GrpcServerTerminatedEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationListener;

/**
 * Ties net.devh's server events to the registration: announced once the port listens, withdrawn while the server still serves (net.devh
 * publishes the shutdown event inline, before it shuts the server down).
 */
final class ServerEvents implements ApplicationListener<GrpcServerLifecycleEvent> {

    private static final Logger log = LoggerFactory.getLogger(ServerEvents.class);

    private final ServerRegistration registration;
    private final ServerAnnouncement announcement;

    ServerEvents(ServerRegistration registration, ServerAnnouncement announcement) {
        this.registration = registration;
        this.announcement = announcement;
    }

    @Override
    public void onApplicationEvent(GrpcServerLifecycleEvent event) {
        if (event instanceof GrpcServerStartedEvent started) {
            onStarted(started);
        } else if (event instanceof GrpcServerShutdownEvent && hasPort(event.getServer())) {
            registration.stopping();
        } else if (event instanceof GrpcServerTerminatedEvent) {
            registration.stopped();
        }
    }

    private void onStarted(GrpcServerStartedEvent event) {
        if (!hasPort(event.getServer())) {
            log.debug("Not registered: the server at {} listens on no port", event.getAddress());
        } else if (!hasOwnService(event.getServer())) {
            log.info("Not registered: the gRPC server offers nothing but health checks and reflection");
        } else {
            announce(event);
        }
    }

    private void announce(GrpcServerStartedEvent event) {
        try {
            registration.started(
                    announcement.forServerBoundTo(event.getAddress()),
                    event.getServer().getPort());
        } catch (IllegalArgumentException e) {
            throw InvalidPropertyException.of(e, ServerAnnouncement::property);
        }
    }

    /** An in-process server and one on a Unix domain socket have none; others cannot reach them. */
    private static boolean hasPort(Server server) {
        return server.getPort() > 0;
    }

    private static boolean hasOwnService(Server server) {
        return server.getServices().stream()
                .map(service -> service.getServiceDescriptor().getName())
                .anyMatch(name -> !name.startsWith("grpc.health.") && !name.startsWith("grpc.reflection."));
    }
}
