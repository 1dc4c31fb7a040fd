package io.github.grpclb.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.override.Override;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.Override.Selector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class OverrideMetricsTest {

    private static final Instant NOW = Instant.parse("2030-01-01T12:00:00Z");

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Map<String, List<Override>> inForce = new ConcurrentHashMap<>();
    private final OverrideMetrics metrics = new OverrideMetrics(registry, () -> inForce);

    @Test
    void aServiceThatIsNotOverriddenHasNoMeter() {
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void countsWhatIsInForceByServiceAndKind() {
        Override weight = override("a", new Selector.Server("s1"), new Effect.Weight(0));
        Override other = override("b", new Selector.Zone("z1"), new Effect.Weight(3));
        Override disabled = override("c", new Selector.Version("v2"), new Effect.Disabled());
        Override policy = override("d", new Selector.All(), new Effect.Policy("random"));
        inForce.put("orders", List.of(weight, other, disabled, policy));
        metrics.begun(weight);
        assertThat(count("weight")).isEqualTo(2);
        assertThat(count("disabled")).isEqualTo(1);
        assertThat(count("policy")).isEqualTo(1);
        assertThat(count("split")).isZero();
    }

    @Test
    void anOverrideThatEndsOrWhoseServiceIsNotFollowedAnyMoreCountsNoMore() {
        Override disabled = override("c", new Selector.All(), new Effect.Disabled());
        inForce.put("orders", List.of(disabled));
        metrics.begun(disabled);
        inForce.clear();
        assertThat(count("disabled")).isZero();
        inForce.put("orders", List.of(disabled));
        metrics.begun(disabled);
        assertThat(count("disabled")).isEqualTo(1);
    }

    private static Override override(String name, Selector selector, Effect effect) {
        return new Override("orders", name, selector, effect, "ann", "leaks memory", NOW, NOW.plusSeconds(600), "", 0);
    }

    private double count(String kind) {
        return registry.get("grpc.lb.overrides")
                .tags("service", "orders", "kind", kind)
                .gauge()
                .value();
    }
}
