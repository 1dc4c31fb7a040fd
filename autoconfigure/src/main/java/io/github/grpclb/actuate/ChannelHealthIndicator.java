package io.github.grpclb.actuate;

import io.grpc.ConnectivityState;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * The states of the gRPC channels: {@code OUT_OF_SERVICE} while one of them can reach no server. It stands in for net.devh's
 * own, which knows only the {@code HealthIndicator} of Spring Boot 3.
 *
 * <p>A channel of ours that fails because no server is registered, or because etcd cannot be asked, is {@code UNKNOWN}, with the reason:
 * no restart of this process would mend that, and all processes see it in the same moment ({@link RegistryHealth}).
 */
public final class ChannelHealthIndicator implements HealthIndicator {

    private final Supplier<Map<String, ConnectivityState>> states;
    private final Function<String, @Nullable String> waitsBecause;

    /**
     * Creates the indicator.
     *
     * @param states the channels' states by name
     */
    public ChannelHealthIndicator(Supplier<Map<String, ConnectivityState>> states) {
        this(states, channel -> null);
    }

    /**
     * Creates the indicator.
     *
     * @param states the channels' states by name
     * @param waitsBecause why a channel knows no server, by the channel's name; null where it knows some, or is none of ours
     */
    public ChannelHealthIndicator(
            Supplier<Map<String, ConnectivityState>> states, Function<String, @Nullable String> waitsBecause) {
        this.states = states;
        this.waitsBecause = waitsBecause;
    }

    @Override
    public Health health() {
        boolean failing = false;
        boolean waiting = false;
        Map<String, Object> details = new TreeMap<>();
        for (Map.Entry<String, ConnectivityState> channel : states.get().entrySet()) {
            ConnectivityState state = channel.getValue();
            String reason = state == ConnectivityState.TRANSIENT_FAILURE ? waitsBecause.apply(channel.getKey()) : null;
            waiting |= reason != null;
            failing |= state == ConnectivityState.TRANSIENT_FAILURE && reason == null;
            details.put(channel.getKey(), reason == null ? state : state + ": " + reason);
        }
        Health.Builder health = failing ? Health.outOfService() : waiting ? Health.unknown() : Health.up();
        return health.withDetails(details).build();
    }
}
