package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeCandidate;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.internal.JsonParser;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever a service config says, and whatever a call asks for: an error that gRPC can show, or a config within all limits. */
@AddLifecycleHook(FuzzRun.class)
class ServiceConfigFuzzTest {

    private static final List<String> NAMES = List.of(
            "policy",
            "options",
            "serverId",
            "mode",
            "header",
            "outlierDetection",
            "interval",
            "baseEjectionTime",
            "maxEjectionTime",
            "maxEjectionPercent",
            "successRateEjection",
            "stdevFactor",
            "enforcementPercentage",
            "minimumHosts",
            "requestVolume",
            "failurePercentageEjection",
            "threshold",
            "tags",
            "key",
            "fallback",
            "split",
            "zone",
            "own",
            "overprovisioningFactor",
            "panicThreshold",
            "slowStart",
            "window",
            "aggression",
            "minWeightPercent",
            "algorithm",
            "minRingSize",
            "maxRingSize",
            "hashBalanceFactor",
            "noKey",
            "choiceCount",
            "activeRequestBias",
            "decay");

    private final PolicyLoadBalancerProvider provider = new PolicyLoadBalancerProvider();
    private final PolicyTable policies = Policies.with(List.of());
    private final List<Candidate> servers = FakeCandidate.withWeights(1, 2, 0);
    private final Policy ring = policies.create("consistent_hash", Map.of());
    private final Policy maglev = policies.create("consistent_hash", Map.of("algorithm", "maglev"));
    private final Policy.Picker ringPicker = ring.picker(servers, servers);
    private final Policy.Picker maglevPicker = maglev.picker(servers, servers);

    @Provide
    Arbitrary<Map<String, ?>> configs() {
        return Hostile.inputs(ServiceConfigFuzzTest::config);
    }

    @Provide
    Arbitrary<String> texts() {
        return Hostile.inputs(Hostile::text);
    }

    @Property
    void parses(@ForAll("configs") Map<String, ?> raw) {
        ConfigOrError parsed = provider.parseLoadBalancingPolicyConfig(raw);
        if (parsed.getError() != null) {
            assertThat(parsed.getError().getDescription())
                    .startsWith("endpoint_lb: ")
                    .contains("(expected: ");
            return;
        }
        LbConfig config = (LbConfig) parsed.getConfig();
        assertThat(config.panicThreshold()).isBetween(0, 100);
        for (TagRule tag : config.tags()) {
            assertThat(tag.split().values().stream()
                            .mapToDouble(Double::doubleValue)
                            .sum())
                    .isBetween(0.0, 100.0);
        }
        if (config.slowStart() != null) {
            assertThat(config.slowStart().window().toNanos()).isPositive();
            assertThat(config.slowStart().minWeightPercent()).isBetween(1.0, 100.0);
        }
        if (config.zone() != null) {
            assertThat(config.zone().overprovisioningFactor()).isBetween(1.0, 100.0);
        }
        if (config.outlierDetection() != null) {
            assertThat(config.outlierDetection().interval().toNanos()).isPositive();
            assertThat(config.outlierDetection().maxEjectionTime().toNanos()).isPositive();
        }
        try {
            assertThat(policies.create(config.policy(), config.options())).isNotNull();
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).contains("(expected: ");
        }
    }

    /** What a call names is the caller's text, and often the caller's user's. */
    @Property
    void picksForAnyKey(@ForAll("texts") String key) {
        for (Policy.Picker picker : List.of(ringPicker, maglevPicker)) {
            Candidate picked = picker.pick(FakeCall.with(RoutingKeys.HASH_KEY, key));
            assertThat(servers).contains(picked);
            if (!key.isEmpty()) {
                assertThat(picker.pick(FakeCall.with(RoutingKeys.HASH_KEY, key)))
                        .isSameAs(picked);
            }
        }
    }

    @Test
    void parsesTheFixedSeed() {
        Hostile.replay(ServiceConfigFuzzTest::config, 500, this::parses);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, ?> config(Hostile hostile) {
        while (true) {
            String text =
                    switch (hostile.between(0, 3)) {
                        case 0 -> hostile.object(NAMES);
                        case 1 ->
                            "{\"policy\":\""
                                    + hostile.of("consistent_hash", "least_request", "peak_ewma", "random", "x")
                                    + "\",\"options\":" + hostile.object(NAMES.subList(29, NAMES.size())) + "}";
                        case 2 ->
                            "{\"tags\":[{\"key\":\"version\",\"header\":\"" + hostile.of("x-v", "X", ":a", "a-bin", "")
                                    + "\",\"split\":" + hostile.object(List.of("v1", "v2", "a:b")) + "}]}";
                        default ->
                            "{\"outlierDetection\":{\"interval\":\"" + hostile.duration()
                                    + "\"},\"slowStart\":{\"window\":\""
                                    + hostile.duration() + "\",\"aggression\":" + hostile.number()
                                    + "},\"panicThreshold\":"
                                    + hostile.number() + "}";
                    };
            try {
                return (Map<String, ?>) JsonParser.parse(text);
            } catch (IOException | RuntimeException | StackOverflowError e) {
                // gRPC's own parser refuses it; deep nesting ends it in a stack overflow, from which it protects nobody
            }
        }
    }
}
