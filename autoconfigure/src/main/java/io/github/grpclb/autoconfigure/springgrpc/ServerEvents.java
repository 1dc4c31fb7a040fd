package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.AnnouncedServer;
import io.github.grpclb.autoconfigure.InlineListener;
import io.github.grpclb.autoconfigure.ServerBuilders;
import io.grpc.Server;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationEvent;
import org.springframework.grpc.server.lifecycle.GrpcServerShutdownEvent;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

/**
 * Ties Spring gRPC's server events to the registration. Spring gRPC publishes the started event once the port listens, and the shutdown
 * event inline, before it shuts the server down.
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
            Server server = started.getServer();
            announced.started(started.getSource(), server, boundAddress(server), builders.ofStartedServer());
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

    /** The event's own address is a list of sockets, made for a log. */
    private static String boundAddress(Server server) {
        List<? extends SocketAddress> sockets = server.getListenSockets();
        if (sockets.isEmpty()) {
            return "";
        }
        SocketAddress first = sockets.get(0);
        if (first instanceof InetSocketAddress inet) {
            return inet.getAddress() == null
                    ? inet.getHostString()
                    : inet.getAddress().getHostAddress();
        }
        return first.getClass().getSimpleName().contains("DomainSocket") ? "unix:" + first : first.toString();
    }
}
