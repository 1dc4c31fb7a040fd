package io.github.grpclb.actuate;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.override.OverriddenSource;
import io.github.grpclb.override.Override;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of overrides in this process: one that is put need not act. Thread-safe.
 *
 * @param source what follows them
 * @param live the channels
 */
public record OverridesHere(OverriddenSource source, LiveEndpoints live) {

    /**
     * What becomes of one.
     *
     * @param acts whether it acts
     * @param because why it does not, or null where it does
     */
    record Fate(boolean acts, @Nullable String because) {}

    /** Returns what becomes of an override; null where this process does not call the service. */
    @Nullable
    Fate of(Override override) {
        String service = override.service();
        List<LiveEndpoints.Use> uses = live.uses().stream()
                .filter(use -> use.service().equals(service))
                .toList();
        if (uses.isEmpty()) {
            return null;
        }
        List<Override> inForce = source.inForce().getOrDefault(service, List.of());
        if (inForce.stream().noneMatch(each -> each.key().equals(override.key()))) {
            return not("it is over by this machine's clock, is one of too many, or has not been heard of yet");
        }
        if (override.effect() instanceof Override.Effect.Policy policy) {
            return uses.stream().anyMatch(use -> policy.policy().equals(use.policy()))
                    ? new Fate(true, null)
                    : not("no channel picks by it: another override decides, or there is no such policy");
        }
        if (override.effect() instanceof Override.Effect.Split) {
            return new Fate(true, null);
        }
        return live.endpoints(service).stream()
                        .anyMatch(each -> override.selector().selects(each.endpoint()))
                ? new Fate(true, null)
                : not("it is about no server that is known here");
    }

    private static Fate not(String because) {
        return new Fate(false, because);
    }
}
