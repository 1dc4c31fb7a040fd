package io.github.grpclb.actuate;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.Override.Selector;
import io.github.grpclb.override.OverrideStore;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What operators override, as the registry has it: {@code grpclb/overrides}. Knows {@code service} and {@code search}. Thread-safe. */
public final class OverridesSection implements Section {

    static final String NAME = "overrides";

    private final OverrideStore store;
    private final boolean writable;
    private final @Nullable OverridesHere here;

    /**
     * Creates the section.
     *
     * @param writable whether there is an {@link OverridesAction} beside it
     * @param here what becomes of them in this process; null where it follows none
     */
    public OverridesSection(OverrideStore store, boolean writable, @Nullable OverridesHere here) {
        this.store = store;
        this.writable = writable;
        this.here = here;
    }

    @java.lang.Override
    public String name() {
        return NAME;
    }

    @java.lang.Override
    public Object read(SectionQuery query) {
        return RegistryAnswer.of(store.list(query.service()), found -> told(found, query.search()));
    }

    private Object told(List<Override> found, @Nullable String search) {
        return new Overrides(
                1,
                writable,
                found.stream()
                        .filter(each -> search == null || (each.service() + "/" + each.name()).contains(search))
                        .map(each -> Told.of(each, here == null ? null : here.of(each)))
                        .toList());
    }

    /**
     * What is overridden.
     *
     * @param version of what is told
     * @param writable whether {@code POST} and {@code DELETE} change it
     * @param overrides all of them
     */
    public record Overrides(int version, boolean writable, List<Told> overrides) {}

    /**
     * An override.
     *
     * @param service the service's name
     * @param name tells it from the service's other overrides
     * @param selector whom it is about: {@code server}, {@code zone}, {@code version} or {@code service}
     * @param weight the servers' weight; null where it is about something else
     * @param disabled whether they take no new calls
     * @param policy the policy that picks; null where it is about something else
     * @param split how calls are divided; null where it is about something else
     * @param author who wants it so
     * @param reason why
     * @param since from when
     * @param until until when
     * @param key under which the registry holds it
     * @param acts whether it acts in this process; null where this process does not call the service
     * @param because why it does not act; null where it does
     */
    public record Told(
            String service,
            String name,
            Map<String, Object> selector,
            @Nullable Integer weight,
            boolean disabled,
            @Nullable String policy,
            BalancingOverride.@Nullable Split split,
            String author,
            String reason,
            String since,
            String until,
            String key,
            @Nullable Boolean acts,
            @Nullable String because) {

        /** Tells of one that was put just now. */
        static Told of(Override override) {
            return of(override, null);
        }

        static Told of(Override override, OverridesHere.@Nullable Fate here) {
            Effect effect = override.effect();
            return new Told(
                    override.service(),
                    override.name(),
                    selector(override.selector()),
                    effect instanceof Effect.Weight weight ? weight.weight() : null,
                    effect instanceof Effect.Disabled,
                    effect instanceof Effect.Policy policy ? policy.policy() : null,
                    effect instanceof Effect.Split split ? split.split() : null,
                    override.author(),
                    override.reason(),
                    override.since().toString(),
                    override.until().toString(),
                    override.key(),
                    here == null ? null : here.acts(),
                    here == null ? null : here.because());
        }

        private static Map<String, Object> selector(Selector selector) {
            if (selector instanceof Selector.Server server) {
                return Map.of("server", server.idOrAddress());
            }
            if (selector instanceof Selector.Zone zone) {
                return Map.of("zone", zone.zone());
            }
            if (selector instanceof Selector.Version version) {
                return Map.of("version", version.version());
            }
            return Map.of("service", true);
        }
    }
}
