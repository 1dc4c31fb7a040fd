package io.github.grpclb.client;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.resolver.InitialWait;
import java.time.Duration;
import java.util.List;

/**
 * What holds for one client.
 *
 * @param balancer how its calls are spread
 * @param initialWait how long its calls wait for a first server where none is registered yet: 0 to {@link InitialWait#LONGEST}
 * @param fixedEndpoints its servers, all of one service, where they do not come from the registry; empty where they do
 * @param minReadyEndpoints how many endpoints it needs to begin with ({@link ReadyEndpoints}); 0 where it does not matter
 */
public record ClientSettings(
        LbConfig balancer, Duration initialWait, List<Endpoint> fixedEndpoints, int minReadyEndpoints) {

    /** Round robin over all servers that are registered. */
    public static final ClientSettings DEFAULT =
            new ClientSettings(LbConfig.DEFAULT, InitialWait.DEFAULT, List.of(), 0);

    /**
     * Copies the list.
     *
     * @throws IllegalValueException if the time or the number is out of its range
     */
    public ClientSettings {
        InitialWait.requireInRange(initialWait);
        if (minReadyEndpoints < 0) {
            throw new IllegalValueException("minReadyEndpoints", minReadyEndpoints, "0 or more");
        }
        fixedEndpoints = List.copyOf(fixedEndpoints);
    }
}
