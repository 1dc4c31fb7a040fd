package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.AnnouncedServer;
import io.github.grpclb.autoconfigure.InlineListener;
import io.github.grpclb.autoconfigure.ServerBuilders;
import io.grpc.Server;
import net.devh.boot.grpc.server.event.GrpcServerShutdownEvent;
import net.devh.boot.grpc.server.event.GrpcServerStartedEvent;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationEvent;

/**
 * Ties net.devh's server events to the registration. net.devh publishes the started event once the port listens, and the shutdown event
 * inline, before it shuts the server down.
 */
final class ServerEvents implements InlineListener<ApplicationEvent> {

    private final AnnouncedServer announced;
    private final ServerBuilders builders;

    ServerEvents(AnnouncedServer announced, ServerBuilders builders) {
        this.announced = announced;
        this.builders = builders;
    }

    @Override
    public void onApplicationEvent(ApplicationEvent event) {
        if (event instanceof GrpcServerStartedEvent started) {
            announced.started(
                    started.getSource(), started.getServer(), started.getAddress(), builders.ofStartedServer());
        } else if (event instanceof GrpcServerShutdownEvent shutdown) {
            announced.stopping(shutdown.getServer());
        } else if (event instanceof ApplicationReadyEvent) {
            announced.applicationReady();
        }
    }

    /** Says whether a server is the one that is registered. */
    boolean isRegistered(Server server) {
        return announced.is(server);
    }
}
