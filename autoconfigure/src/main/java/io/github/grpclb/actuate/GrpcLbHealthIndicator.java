package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.server.ServerLifecycle;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Whether the registry answers and whether this process is announced there.
 *
 * <p>Never {@code DOWN}. Without etcd the last list stays in use and servers go on serving, so nothing is broken that a restart
 * would mend; but all processes lose etcd in the same moment, and whatever restarts or withholds traffic on {@code DOWN} would
 * then stop the whole fleet. Trouble is {@code UNKNOWN}: it is seen in the details, ranks below {@code UP} when Spring Boot sums up,
 * and is answered with HTTP 200. It is in no probe's group unless somebody puts it there.
 */
public final class GrpcLbHealthIndicator implements HealthIndicator {

    private final RegistryStatus registry;
    private final Supplier<List<Registration>> registrations;
    private final BooleanSupplier waiting;

    /**
     * Creates the indicator.
     *
     * @param registry asked for what it knows already
     * @param server this process's registration, or null if it is none of this process's tasks
     */
    public GrpcLbHealthIndicator(RegistryStatus registry, @Nullable ServerLifecycle server) {
        this(registry, server == null ? List::of : server::registrations, () -> server != null && server.isWaiting());
    }

    GrpcLbHealthIndicator(
            RegistryStatus registry, Supplier<List<Registration>> registrations, BooleanSupplier waiting) {
        this.registry = registry;
        this.registrations = registrations;
        this.waiting = waiting;
    }

    @Override
    public Health health() {
        Health.Builder health = Health.up();
        String name = registry.name();
        String away = registry.unreachableBecause();
        if (away != null) {
            health.unknown();
        }
        health.withDetail(name, away == null ? "reachable" : away);
        String refused = registry.refusedBecause();
        if (refused != null) {
            health.unknown()
                    .withDetail(
                            "refused",
                            "%s; see grpc.lb.%s.username, .password, .ssl.bundle, and the roles in %s"
                                    .formatted(refused, name, name));
        }
        if (waiting.getAsBoolean()) {
            health.withDetail("registration", "WAITING_FOR_READINESS");
        }
        List<Registration> announced = registrations.get();
        if (announced.stream().anyMatch(it -> it.state() != Registration.State.REGISTERED)) {
            health.unknown();
        }
        List<Map<String, Object>> details =
                announced.stream().map(GrpcLbHealthIndicator::details).toList();
        if (details.size() == 1) {
            health.withDetails(details.get(0));
        } else if (!details.isEmpty()) {
            health.withDetail("registrations", details);
        }
        return health.build();
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
