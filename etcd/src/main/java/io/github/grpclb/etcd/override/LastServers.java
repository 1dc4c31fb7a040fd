package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.Precedence;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether an override leaves a service a server that takes calls. */
final class LastServers {

    private static final String EXPECTED =
            "an override that leaves another server with a weight above 0 that is neither disabled nor draining, or force";

    private LastServers() {}

    /** Says whether an override takes servers away at all. */
    static boolean mayBeTakenBy(Override override) {
        return override.effect() instanceof Override.Effect.Disabled
                || override.effect() instanceof Override.Effect.Weight weight && weight.weight() == 0;
    }

    /**
     * Returns why an override is not to be put; null where it may be.
     *
     * @param others the service's other overrides
     * @param servers as they are registered; where there are none, an override of the whole service alone is refused
     */
    static @Nullable IllegalValueException refusal(Override wanted, List<Override> others, List<Endpoint> servers) {
        List<Override> inForce = new ArrayList<>(others);
        inForce.removeIf(other -> !other.until().isAfter(wanted.since()));
        inForce.add(wanted);
        boolean someIsLeft = servers.isEmpty()
                ? !(wanted.selector() instanceof Override.Selector.All)
                : Precedence.apply(new EndpointSnapshot(wanted.service(), 0, servers), inForce).endpoints().stream()
                        .anyMatch(server -> server.weight() > 0 && server.state() == Endpoint.State.UP);
        if (someIsLeft) {
            return null;
        }
        boolean disables = wanted.effect() instanceof Override.Effect.Disabled;
        return new IllegalValueException(
                disables ? "disabled" : "weight",
                (disables ? "true" : "0") + " for " + describe(wanted.selector()) + ", of " + servers.size()
                        + " servers of " + wanted.service() + " none would be left",
                EXPECTED);
    }

    private static String describe(Override.Selector selector) {
        if (selector instanceof Override.Selector.Server server) {
            return "server " + LogText.of(server.idOrAddress());
        }
        if (selector instanceof Override.Selector.Version version) {
            return "version " + LogText.of(version.version());
        }
        return selector instanceof Override.Selector.Zone zone ? "zone " + LogText.of(zone.zone()) : "all servers";
    }
}
