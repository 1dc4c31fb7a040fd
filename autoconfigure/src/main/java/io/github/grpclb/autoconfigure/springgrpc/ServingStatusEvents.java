package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.InlineListener;
import io.github.grpclb.server.DrainListener;
import io.github.grpclb.server.ServingStatus;
import io.grpc.Server;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.function.Predicate;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.grpc.server.lifecycle.GrpcServerShutdownEvent;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

/** Ties Spring gRPC's server events to what gRPC's health service says. */
final class ServingStatusEvents implements InlineListener<ApplicationEvent>, DrainListener, Ordered {

    private final HealthStatusManager health;
    private final Predicate<Server> isRegistered;
    private final ApplicationContext context;
    private final ServingStatus status;
    private volatile boolean closing;

    /**
     * Creates it.
     *
     * @param isRegistered says whether a server is the one that clients find in the registry
     */
    ServingStatusEvents(HealthStatusManager health, Predicate<Server> isRegistered, ApplicationContext context) {
        this.health = health;
        this.isRegistered = isRegistered;
        this.context = context;
        this.status = new ServingStatus(health, isRegistered);
    }

    /** Before the drain, which another listener of the same event waits for. */
    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    @Override
    public void draining(boolean draining) {
        status.draining(draining);
    }

    @Override
    public void onApplicationEvent(ApplicationEvent event) {
        if (event instanceof GrpcServerShutdownEvent shutdown) {
            status.stopping(shutdown.getServer());
            if (closing && isRegistered.test(shutdown.getServer())) {
                // for good: with an actuator, Spring repeats every 5 s that it serves
                health.enterTerminalState();
            }
        } else if (event instanceof GrpcServerStartedEvent started) {
            status.started(started.getServer());
        } else if (event instanceof ContextClosedEvent closed && closed.getApplicationContext() == context) {
            closing = true;
        }
    }
}
