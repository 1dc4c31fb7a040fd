package io.github.grpclb.override;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.Internal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What overrides make of a service's endpoints, where several are about the same.
 *
 * <ul>
 *   <li>An override of one server goes before one of a version, that before one of a zone, and that before one of the service; of one
 *       kind the newest goes first.
 *   <li>Weights and disabling do not displace each other: who is disabled takes no calls, whatever its weight. So an override of one
 *       server brings nobody back whose zone is disabled.
 *   <li>Of policies the newest holds, and so of splits.
 * </ul>
 */
@Internal
public final class Precedence {

    /** Those that hold first. */
    private static final Comparator<Override> IN_ORDER = Comparator.<Override>comparingInt(
                    each -> rank(each.selector()))
            .thenComparing(Override::since, Comparator.reverseOrder())
            .thenComparing(Override::createRevision, Comparator.reverseOrder())
            .thenComparing(Override::name);

    private Precedence() {}

    private static int rank(Override.Selector selector) {
        if (selector instanceof Override.Selector.Server) {
            return 0;
        }
        if (selector instanceof Override.Selector.Version) {
            return 1;
        }
        return selector instanceof Override.Selector.Zone ? 2 : 3;
    }

    /**
     * Applies overrides to a list. An endpoint that none is about is the same object as before.
     *
     * @param registered what the registry lists
     * @param inForce those that have not ended, in any order
     */
    public static EndpointSnapshot apply(EndpointSnapshot registered, List<Override> inForce) {
        if (inForce.isEmpty()) {
            return registered;
        }
        List<Override> ordered = inForce.stream().sorted(IN_ORDER).toList();
        Ordered disabling = new Ordered(with(Override.Effect.Disabled.class, ordered));
        Ordered weighing = new Ordered(with(Override.Effect.Weight.class, ordered));
        List<Endpoint> endpoints = registered.endpoints().stream()
                .map(endpoint -> applied(endpoint, disabling.first(endpoint), weighing.first(endpoint)))
                .toList();
        return new EndpointSnapshot(
                registered.service(), registered.revision(), endpoints, balancing(registered.balancing(), ordered));
    }

    private static List<Override> with(Class<? extends Override.Effect> effect, List<Override> ordered) {
        return ordered.stream().filter(each -> effect.isInstance(each.effect())).toList();
    }

    private static Endpoint applied(Endpoint endpoint, @Nullable Override disabling, @Nullable Override weighing) {
        if (disabling == null && weighing == null) {
            return endpoint;
        }
        Endpoint.Builder builder = endpoint.toBuilder();
        List<String> causes = new ArrayList<>(2);
        if (disabling != null) {
            builder.state(Endpoint.State.DISABLED);
            causes.add(disabling.describe());
        }
        if (weighing != null && weighing.effect() instanceof Override.Effect.Weight weight) {
            builder.weight(weight.weight());
            causes.add(weighing.describe());
        }
        return builder.overridden(
                        new Endpoint.Overridden(endpoint.registeredWeight(), endpoint.registeredState(), causes))
                .build();
    }

    private static BalancingOverride balancing(BalancingOverride before, List<Override> ordered) {
        Optional<Override> policy =
                with(Override.Effect.Policy.class, ordered).stream().findFirst();
        Optional<Override> split =
                with(Override.Effect.Split.class, ordered).stream().findFirst();
        if (policy.isEmpty() && split.isEmpty()) {
            return before;
        }
        List<String> causes = new ArrayList<>(2);
        policy.map(Override::describe).ifPresent(causes::add);
        split.map(Override::describe).ifPresent(causes::add);
        return new BalancingOverride(
                policy.map(Override::effect)
                        .map(effect -> ((Override.Effect.Policy) effect).policy())
                        .orElse(null),
                split.map(Override::effect)
                        .map(effect -> ((Override.Effect.Split) effect).split())
                        .orElse(null),
                causes);
    }

    /** Overrides of one effect. Those of one server are found by its name: there may be thousands of servers, and hundreds of overrides. */
    private static final class Ordered {

        private final Map<String, Override> ofServers = new HashMap<>();
        private final List<Override> others = new ArrayList<>();

        Ordered(List<Override> ordered) {
            for (Override each : ordered) {
                if (each.selector() instanceof Override.Selector.Server server) {
                    ofServers.putIfAbsent(server.idOrAddress(), each);
                } else {
                    others.add(each);
                }
            }
        }

        /** Returns the one that holds for an endpoint; null where none is about it. */
        @Nullable
        Override first(Endpoint endpoint) {
            if (!ofServers.isEmpty()) {
                Override byId = endpoint.id() == null ? null : ofServers.get(endpoint.id());
                Override byAddress = ofServers.get(endpoint.address());
                if (byId != null && byAddress != null) {
                    return IN_ORDER.compare(byId, byAddress) <= 0 ? byId : byAddress;
                }
                if (byId != null || byAddress != null) {
                    return byId != null ? byId : byAddress;
                }
            }
            for (Override each : others) {
                if (each.selector().selects(endpoint)) {
                    return each;
                }
            }
            return null;
        }
    }
}
