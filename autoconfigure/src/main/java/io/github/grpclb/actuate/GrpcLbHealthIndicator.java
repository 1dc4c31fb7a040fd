package io.github.grpclb.actuate;

import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.server.ServerLifecycle;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** {@link RegistryHealth} for Spring Boot 4. */
public final class GrpcLbHealthIndicator implements HealthIndicator {

    private final Supplier<RegistryHealth> state;

    /**
     * Creates the indicator.
     *
     * @param registry asked for what it knows already
     * @param server this process's registration, or null if it is none of this process's tasks
     * @param controlPlane this process's control plane, or null if it is none
     */
    public GrpcLbHealthIndicator(
            RegistryStatus registry,
            @Nullable ServerLifecycle server,
            ControlPlaneStatus.@Nullable Source controlPlane) {
        this(() -> RegistryHealth.of(registry, server, controlPlane));
    }

    GrpcLbHealthIndicator(Supplier<RegistryHealth> state) {
        this.state = state;
    }

    @Override
    public Health health() {
        RegistryHealth now = state.get();
        return (now.isUp() ? Health.up() : Health.unknown())
                .withDetails(now.details())
                .build();
    }
}
