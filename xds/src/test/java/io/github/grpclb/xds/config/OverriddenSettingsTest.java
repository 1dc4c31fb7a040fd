package io.github.grpclb.xds.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.BalancingOverride.Split;
import io.github.grpclb.xds.config.BalancingPolicy.LeastRequest;
import io.github.grpclb.xds.config.BalancingPolicy.Named;
import io.github.grpclb.xds.config.BalancingPolicy.ReportedLoad;
import io.github.grpclb.xds.config.BalancingPolicy.RingHash;
import io.github.grpclb.xds.config.BalancingPolicy.RoundRobin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OverriddenSettingsTest {

    private static final BalancingPolicy RANDOM = grpcLb("random");

    private final List<String> refused = new ArrayList<>();

    static Stream<Arguments> policies() {
        return Stream.of(
                row(new RoundRobin(), "least_request", new LeastRequest(2)),
                row(new LeastRequest(5), "least_request", new LeastRequest(5)),
                row(new LeastRequest(5), "round_robin", new RoundRobin()),
                row(new LeastRequest(5), "weighted_round_robin", new RoundRobin()),
                row(new RingHash("x-user"), "ring_hash", new RingHash("x-user")),
                row(new RoundRobin(), "ring_hash", null),
                row(
                        new RoundRobin(),
                        "client_side_weighted_round_robin",
                        new ReportedLoad(Duration.ofSeconds(10), Duration.ofMinutes(3))),
                row(new RoundRobin(), "random", null),
                row(new RoundRobin(), "no_such", null),
                row(RANDOM, "peak_ewma", grpcLb("peak_ewma")),
                row(RANDOM, "random", RANDOM),
                row(RANDOM, "no_such", null));
    }

    @ParameterizedTest
    @MethodSource("policies")
    void takesAPolicyOfXdsAndOneOfOursWhereOneOfOursIsConfigured(
            BalancingPolicy configured, String policy, @Nullable BalancingPolicy expected) {
        ServiceSettings settings = ServiceSettings.DEFAULT.withPolicy(configured);
        ServiceSettings overridden = overridden(settings, new BalancingOverride(policy, null, List.of()));
        if (expected == null) {
            assertThat(overridden).isSameAs(settings);
            assertThat(refused).singleElement().asString().startsWith("policy: '" + policy + "' (expected: ");
        } else {
            assertThat(overridden).isEqualTo(settings.withPolicy(expected));
            assertThat(refused).isEmpty();
        }
    }

    @Test
    void takesASplitByATagThatHasARule() {
        ServiceSettings settings = ServiceSettings.DEFAULT.withTags(List.of(
                new TagRule("zone", null, false, Map.of("z1", 10.0)),
                new TagRule("version", null, true, Map.of("v2", 5.0))));
        Split split = new Split("version", Map.of("v3", 50.0));
        assertThat(overridden(settings, new BalancingOverride("least_request", split, List.of())))
                .isEqualTo(settings.withPolicy(new LeastRequest(2))
                        .withTags(List.of(
                                new TagRule("zone", null, false, Map.of()),
                                new TagRule("version", null, true, Map.of("v3", 50.0)))));
        assertThat(refused).isEmpty();
        Split other = new Split("region", Map.of("r", 50.0));
        assertThat(overridden(settings, new BalancingOverride(null, other, List.of())))
                .isSameAs(settings);
        assertThat(refused).containsExactly("split: there is no rule for the tag 'region'");
    }

    @Test
    void leavesWhatIsConfiguredWhereNothingIsOverridden() {
        assertThat(overridden(ServiceSettings.DEFAULT, BalancingOverride.NONE)).isSameAs(ServiceSettings.DEFAULT);
    }

    private ServiceSettings overridden(ServiceSettings settings, BalancingOverride override) {
        return OverriddenSettings.of(settings, override, (what, why) -> refused.add(what + ": " + why));
    }

    private static Arguments row(BalancingPolicy configured, String policy, @Nullable BalancingPolicy expected) {
        return Arguments.of(configured, policy, expected);
    }

    private static BalancingPolicy grpcLb(String policy) {
        return new Named("endpoint_lb", Map.of("policy", policy, "options", Map.of()));
    }
}
