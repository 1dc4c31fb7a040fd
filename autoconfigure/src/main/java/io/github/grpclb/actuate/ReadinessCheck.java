package io.github.grpclb.actuate;

import io.github.grpclb.client.ReadyEndpoints;
import io.github.grpclb.client.ReadyEndpoints.Need;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.server.ServerLifecycle;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether this process is ready as far as its registry goes: its server is registered and was seen there, and its clients have found the
 * servers that they need to begin with. It is for the group of the readiness probe; a health indicator, which is another type in each
 * Spring Boot, shows it.
 *
 * <p>It says when a process is ready, and not whether the registry is well: a server that was visible once stays ready while etcd is
 * away. All processes lose etcd in the same moment, clients go on with the servers that they know, and a readiness that followed would
 * take the whole fleet away. What concerns this server alone does count at any time: that it drains, was withdrawn, or that another
 * process holds its key. Thread-safe.
 */
@Internal
public final class ReadinessCheck {

    /**
     * What is known now.
     *
     * @param isReady whether nothing is missing
     * @param details what to show beside
     */
    public record State(boolean isReady, Map<String, Object> details) {}

    /** There is no server to wait for. */
    private static final String NONE = "NONE";

    private static final String VISIBLE = "VISIBLE";

    private final @Nullable ServerLifecycle server;
    private final @Nullable ReadyEndpoints clients;
    private final BooleanSupplier isStarted;

    private final Set<Registration> seen = Collections.newSetFromMap(new WeakHashMap<>());
    private boolean wasAnnounced;

    /**
     * Creates the check.
     *
     * @param server this process's registration, or null if it is none of this process's tasks
     * @param clients what its clients need, or null if it calls nobody
     * @param isStarted whether the application has started: a server that does not run by then will not
     */
    public ReadinessCheck(
            @Nullable ServerLifecycle server, @Nullable ReadyEndpoints clients, BooleanSupplier isStarted) {
        this.server = server;
        this.clients = clients;
        this.isStarted = isStarted;
    }

    /** Looks at what is known already; asks nobody. */
    public synchronized State look() {
        Map<String, Object> details = new LinkedHashMap<>();
        boolean isReady = server == null || isReady(server, details);
        if (clients != null) {
            for (Need need : clients.needs()) {
                isReady &= need.isMet();
                details.put(need.client(), text(need));
            }
        }
        return new State(isReady, details);
    }

    private boolean isReady(ServerLifecycle server, Map<String, Object> details) {
        List<Registration> announced = server.registrations();
        if (announced.isEmpty()) {
            String state = stateWithoutAny(server);
            details.put("registration", state);
            return state.equals(NONE);
        }
        wasAnnounced = true;
        boolean isReady = true;
        for (Registration registration : announced) {
            String state = state(registration);
            isReady &= state.equals(VISIBLE);
            details.put(
                    announced.size() == 1
                            ? "registration"
                            : "registration." + registration.endpoint().service(),
                    state);
        }
        return isReady;
    }

    private String stateWithoutAny(ServerLifecycle server) {
        if (server.isWaiting()) {
            return "WAITING_FOR_READINESS";
        }
        if (wasAnnounced) {
            return "STOPPED";
        }
        return isStarted.getAsBoolean() ? NONE : "STARTING";
    }

    private String state(Registration registration) {
        Registration.Status status = registration.status();
        if (status.visible() || status.lag() != null) {
            seen.add(registration);
        }
        if (status.state() == Registration.State.CONFLICT || status.state() == Registration.State.WITHDRAWN) {
            return status.state().name();
        }
        if (registration.endpoint().state() == Endpoint.State.DRAINING) {
            return "DRAINING";
        }
        if (seen.contains(registration)) {
            return VISIBLE;
        }
        return status.reason() == null ? status.state().name() : status.state().name() + ": " + status.reason();
    }

    private static String text(Need need) {
        return need.found() + " of " + need.least() + " endpoints of " + need.service()
                + (need.reason() == null ? "" : ": " + need.reason());
    }
}
