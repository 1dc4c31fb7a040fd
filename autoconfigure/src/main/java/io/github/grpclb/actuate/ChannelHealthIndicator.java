package io.github.grpclb.actuate;

import io.grpc.ConnectivityState;
import java.util.Map;
import java.util.function.Supplier;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * The states of the gRPC channels: {@code OUT_OF_SERVICE} while one of them can reach no server. It stands in for net.devh's
 * own, which knows only the {@code HealthIndicator} of Spring Boot 3.
 */
public final class ChannelHealthIndicator implements HealthIndicator {

    private final Supplier<Map<String, ConnectivityState>> states;

    /**
     * Creates the indicator.
     *
     * @param states the channels' states by name
     */
    public ChannelHealthIndicator(Supplier<Map<String, ConnectivityState>> states) {
        this.states = states;
    }

    @Override
    public Health health() {
        Map<String, ConnectivityState> now = Map.copyOf(states.get());
        Health.Builder health =
                now.containsValue(ConnectivityState.TRANSIENT_FAILURE) ? Health.outOfService() : Health.up();
        return health.withDetails(now).build();
    }
}
