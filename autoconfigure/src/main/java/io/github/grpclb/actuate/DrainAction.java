package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.server.DrainStatus;
import io.github.grpclb.server.ServerLifecycle;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Drains this process's server, and takes that back. How far it is, is told with the status 200 as soon as a stop would not wait any
 * longer for clients to turn away, and with 503 before: so whoever polls needs to know nothing but the status. Thread-safe.
 */
public final class DrainAction implements Action, Section {

    /** How many may wait at once: each keeps a thread. Kubernetes may ask again where it is not sure that it was heard. */
    static final int MOST_WAITING = 4;

    private final ServerLifecycle server;
    private final Semaphore waiting = new Semaphore(MOST_WAITING);

    public DrainAction(ServerLifecycle server) {
        this.server = server;
    }

    @Override
    public String name() {
        return "drain";
    }

    /** Says how far it is. */
    @Override
    public Object read(SectionQuery query) {
        return withStatus(server.drainStatus());
    }

    /** Begins. */
    @Override
    public Object act(ActionRequest request) {
        return told(server.drain());
    }

    /** Takes calls again. */
    @Override
    public Object undo(ActionRequest request) {
        return told(server.endDrain());
    }

    /** Begins, and waits for its end; where many wait already, it does not. */
    Object actAndWait() {
        DrainStatus begun = server.drain();
        if (!waiting.tryAcquire()) {
            return withStatus(begun);
        }
        try {
            return withStatus(server.awaitDrain());
        } finally {
            waiting.release();
        }
    }

    private WebEndpointResponse<Progress> withStatus(DrainStatus status) {
        return new WebEndpointResponse<>(
                told(status),
                status.mayStop() ? WebEndpointResponse.STATUS_OK : WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
    }

    private Progress told(DrainStatus status) {
        return new Progress(
                status.state(),
                status.mayStop(),
                millis(status.forTime()),
                status.told(),
                millis(status.quietFor()),
                status.openStreams(),
                server.registrations().stream().map(Announced::of).toList());
    }

    private static @Nullable Long millis(@Nullable Duration time) {
        return time == null ? null : time.toMillis();
    }

    /**
     * How far a drain is.
     *
     * @param state where it stands
     * @param mayStop whether a stop would not wait any longer for clients to turn away
     * @param forMillis how long ago it was asked for; null where it was not
     * @param told whether the registry has it
     * @param quietMillis how long no new call has arrived since; null where that is not watched
     * @param openStreams streams that clients have open: they end when the server stops
     * @param registrations what is announced
     */
    public record Progress(
            DrainStatus.State state,
            boolean mayStop,
            @Nullable Long forMillis,
            boolean told,
            @Nullable Long quietMillis,
            int openStreams,
            List<Announced> registrations) {}

    /**
     * What is announced.
     *
     * @param service the service's name
     * @param address {@code host:port}
     * @param draining whether clients are told to turn away
     * @param state where the registration stands
     */
    public record Announced(String service, String address, boolean draining, Registration.State state) {

        static Announced of(Registration registration) {
            Endpoint endpoint = registration.endpoint();
            return new Announced(
                    endpoint.service(),
                    endpoint.address(),
                    endpoint.state() == Endpoint.State.DRAINING,
                    registration.state());
        }
    }
}
