package io.github.grpclb.autoconfigure.devh;

import io.github.grpclb.autoconfigure.InlineListener;
import io.github.grpclb.server.ServingStatus;
import net.devh.boot.grpc.server.event.GrpcServerLifecycleEvent;
import net.devh.boot.grpc.server.event.GrpcServerShutdownEvent;
import net.devh.boot.grpc.server.event.GrpcServerStartedEvent;
import org.springframework.core.Ordered;

/** Ties net.devh's server events to what gRPC's health service says. */
final class ServingStatusEvents implements InlineListener<GrpcServerLifecycleEvent>, Ordered {

    private final ServingStatus status;

    ServingStatusEvents(ServingStatus status) {
        this.status = status;
    }

    /** Before the drain, which another listener of the same event waits for. */
    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    @Override
    public void onApplicationEvent(GrpcServerLifecycleEvent event) {
        if (event instanceof GrpcServerShutdownEvent) {
            status.stopping(event.getServer());
        } else if (event instanceof GrpcServerStartedEvent) {
            status.started(event.getServer());
        }
    }
}
