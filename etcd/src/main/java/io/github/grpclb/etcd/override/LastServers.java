package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.override.Override;
import java.util.ArrayList;
import java.util.Comparator;
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
        List<Override> all = new ArrayList<>();
        others.stream()
                .filter(other -> other.until().isAfter(wanted.since()))
                .sorted(Comparator.comparingLong(Override::createRevision))
                .forEach(all::add);
        all.add(wanted);
        boolean someIsLeft = servers.isEmpty()
                ? !(wanted.selector() instanceof Override.Selector.All)
                : servers.stream().anyMatch(server -> takesCalls(server, all));
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

    /** Whether a server is called: by the weight of the override that means it most closely, of several the newest. */
    private static boolean takesCalls(Endpoint server, List<Override> oldestFirst) {
        int weight = server.weight();
        int closest = -1;
        for (Override each : oldestFirst) {
            if (each.selector().selects(server)) {
                if (each.effect() instanceof Override.Effect.Disabled) {
                    return false;
                }
                if (each.effect() instanceof Override.Effect.Weight other && closeness(each.selector()) >= closest) {
                    closest = closeness(each.selector());
                    weight = other.weight();
                }
            }
        }
        return weight > 0 && server.state() == Endpoint.State.UP;
    }

    private static int closeness(Override.Selector selector) {
        if (selector instanceof Override.Selector.Server) {
            return 3;
        }
        if (selector instanceof Override.Selector.Version) {
            return 2;
        }
        return selector instanceof Override.Selector.Zone ? 1 : 0;
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
