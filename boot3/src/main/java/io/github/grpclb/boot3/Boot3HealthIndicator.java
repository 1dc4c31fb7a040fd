package io.github.grpclb.boot3;

import io.github.grpclb.actuate.RegistryHealth;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.server.ServerLifecycle;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;

/** {@link RegistryHealth} for Spring Boot 3. */
final class Boot3HealthIndicator implements HealthIndicator {

    private final RegistryStatus registry;
    private final @Nullable ServerLifecycle server;

    Boot3HealthIndicator(RegistryStatus registry, @Nullable ServerLifecycle server) {
        this.registry = registry;
        this.server = server;
    }

    @Override
    public Health health() {
        RegistryHealth now = RegistryHealth.of(registry, server);
        return (now.isUp() ? Health.up() : Health.unknown())
                .withDetails(now.details())
                .build();
    }
}
