package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.server.ServerLifecycle;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether the registry answers and whether this process is announced there: what a health indicator shows, which is another type in
 * each Spring Boot.
 *
 * <p>Never {@code DOWN}. Without etcd the last list stays in use and servers go on serving, so nothing is broken that a restart
 * would mend; but all processes lose etcd in the same moment, and whatever restarts or withholds traffic on {@code DOWN} would
 * then stop the whole fleet. Trouble is {@code UNKNOWN}: it is seen in the details, ranks below {@code UP} when Spring Boot sums up,
 * and is answered with HTTP 200. It is in no probe's group unless somebody puts it there.
 *
 * @param isUp whether it is {@code UP}, or else {@code UNKNOWN}
 * @param details what to show beside
 */
@Internal
public record RegistryHealth(boolean isUp, Map<String, Object> details) {

    /**
     * Returns what is known now. Asks nobody.
     *
     * @param server this process's registration, or null if it is none of this process's tasks
     * @param controlPlane this process's control plane, or null if it is none
     */
    public static RegistryHealth of(
            RegistryStatus registry,
            @Nullable ServerLifecycle server,
            ControlPlaneStatus.@Nullable Source controlPlane) {
        RegistryHealth health = server == null
                ? of(registry, List.of(), false)
                : of(registry, server.registrations(), server.isWaiting());
        if (controlPlane != null && controlPlane.port() >= 0) {
            health.details().put("xdsPort", controlPlane.port());
            health.details().put("xdsStreams", controlPlane.streams());
        }
        return health;
    }

    static RegistryHealth of(RegistryStatus registry, List<Registration> announced, boolean waiting) {
        Map<String, Object> details = new LinkedHashMap<>();
        String name = registry.name();
        String away = registry.unreachableBecause();
        details.put(name, away == null ? "reachable" : away);
        String refused = registry.refusedBecause();
        if (refused != null) {
            details.put(
                    "refused",
                    "%s; see the credentials in grpc.lb.%s.*, and what they may do in %s"
                            .formatted(refused, name, name));
        }
        if (waiting) {
            details.put("registration", "WAITING_FOR_READINESS");
        }
        if (announced.size() == 1) {
            details.putAll(details(announced.get(0)));
        } else if (!announced.isEmpty()) {
            details.put(
                    "registrations",
                    announced.stream().map(RegistryHealth::details).toList());
        }
        boolean isUp = away == null
                && refused == null
                && announced.stream().allMatch(it -> it.state() == Registration.State.REGISTERED);
        return new RegistryHealth(isUp, details);
    }

    private static Map<String, Object> details(Registration announced) {
        Map<String, Object> details = new LinkedHashMap<>();
        Registration.Status status = announced.status();
        details.put("registration", status.state());
        details.put("registrationSeconds", status.forTime().toSeconds());
        String reason = status.reason();
        if (reason != null) {
            details.put("registrationReason", reason);
        }
        details.put("visible", status.visible());
        Duration lag = status.lag();
        if (lag != null) {
            details.put("visibleAfterMillis", lag.toMillis());
        }
        Endpoint endpoint = announced.endpoint();
        if (endpoint.state() == Endpoint.State.DRAINING) {
            details.put("draining", true);
        }
        details.put("service", endpoint.service());
        details.put("address", endpoint.address());
        return details;
    }
}
