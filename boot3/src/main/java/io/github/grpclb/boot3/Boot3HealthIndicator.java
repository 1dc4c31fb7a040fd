package io.github.grpclb.boot3;

import io.github.grpclb.actuate.RegistryHealth;
import java.util.function.Supplier;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;

/** {@link RegistryHealth} for Spring Boot 3. */
final class Boot3HealthIndicator implements HealthIndicator {

    private final Supplier<RegistryHealth> state;

    Boot3HealthIndicator(Supplier<RegistryHealth> state) {
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
