package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.pick.FakeServers.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.BalancingOverride.Split;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeCall;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.Attributes;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What operators override of how calls are balanced, over the channel's own configuration. */
@ExtendWith(CapturedLog.Extension.class)
class BalancingOverrideTest {

    private final LiveEndpoints live = new LiveEndpoints();
    private final BalancerScene scene =
            new BalancerScene(NameResolver.Args.newBuilder().setArg(BalancerArgs.LIVE_ENDPOINTS, live));
    private final FakeHelper helper = scene.helper();

    @Test
    void anotherPolicyPicksAndThenAgainTheChannelsOwn() {
        Map<String, ?> own = Map.of("policy", "weighted_round_robin");
        accept(own, null, endpoint(1).weight(9), endpoint(2));
        helper.subchannels().forEach(each -> each.ready());
        scene.settle();
        assertThat(scene.count(1, 100)).isEqualTo(90);
        accept(own, policy("round_robin"), endpoint(1).weight(9), endpoint(2));
        assertThat(scene.count(1, 100)).isEqualTo(50);
        assertThat(live.channels()).extracting(LiveEndpoints.Channel::policy).containsExactly("round_robin");
        accept(own, null, endpoint(1).weight(9), endpoint(2));
        assertThat(scene.count(1, 100)).isEqualTo(90);
        assertThat(helper.subchannels()).hasSize(2);
    }

    @Test
    void theSamePolicyKeepsItsOptionsAndAnotherOneHasItsDefaults() {
        LbConfig own = LbConfig.parse(Map.of("policy", "least_request", "options", Map.of("choiceCount", 5)));
        assertThat(own.withPolicy("least_request")).isSameAs(own);
        assertThat(own.withPolicy("peak_ewma").options()).isEmpty();
    }

    @Test
    void aSplitTakesThePlaceOfAllOthersAndLeavesCallsThatNameAValue() {
        Map<String, ?> own = Map.of(
                "tags",
                List.of(
                        Map.of("key", "zone", "split", Map.of("b", 100)),
                        Map.of("key", "version", "header", "x-version", "split", Map.of("v2", 5))));
        Endpoint.Builder[] servers = {
            endpoint(1).version("v1").zone("a"), endpoint(2).version("v2").zone("a"),
            endpoint(3).version("v1").zone("b"), endpoint(4).version("v2").zone("b")
        };
        accept(own, null, servers);
        helper.subchannels().forEach(each -> each.ready());
        scene.settle();
        assertThat(scene.ports(100)).containsExactly(3, 4);
        accept(own, split("version", Map.of("v2", 100.0)), servers);
        assertThat(scene.ports(100)).containsExactly(2, 4);
        assertThat(scene.ports(FakeCall.withHeader("x-version", "v1"), 40)).containsExactly(1, 3);
        accept(own, split("version", Map.of("v2", 0.0)), servers);
        assertThat(scene.ports(100)).containsExactly(1, 3);
        accept(own, split("version", Map.of()), servers);
        assertThat(scene.ports(100)).as("no split").containsExactly(1, 2, 3, 4);
        accept(own, null, servers);
        assertThat(scene.ports(100)).containsExactly(3, 4);
    }

    @Test
    void aSplitHoldsWhereTheChannelHasNoRule() {
        accept(Map.of(), null, endpoint(1).version("v1"), endpoint(2).version("v2"));
        helper.subchannels().forEach(each -> each.ready());
        scene.settle();
        accept(
                Map.of(),
                split("version", Map.of("v2", 100.0)),
                endpoint(1).version("v1"),
                endpoint(2).version("v2"));
        assertThat(scene.ports(40)).containsExactly(2);
        assertThat(helper.subchannels()).hasSize(2);
    }

    @Test
    void aPolicyThatIsUnknownHereLeavesTheChannelsOwnAndIsSaidOnce(CapturedLog log) {
        Map<String, ?> own = Map.of("policy", "weighted_round_robin");
        BalancingOverride both = new BalancingOverride(
                "no_such", new Split("version", Map.of("v2", 100.0)), List.of("policy no_such by ann: try"));
        accept(
                own,
                both,
                endpoint(1).version("v1"),
                endpoint(2).version("v2").weight(9),
                endpoint(3).version("v2"));
        helper.subchannels().forEach(each -> each.ready());
        scene.settle();
        for (int i = 0; i < 3; i++) {
            accept(
                    own,
                    both,
                    endpoint(1).version("v1").weight(i + 1),
                    endpoint(2).version("v2").weight(9),
                    endpoint(3).version("v2"));
        }
        assertThat(scene.count(2, 100)).as("the split holds all the same").isEqualTo(90);
        assertThat(log.toString().lines())
                .filteredOn(line -> line.contains("overridden"))
                .singleElement()
                .asString()
                .contains("the policy that is overridden cannot be used here, what is configured stays")
                .contains("'no_such'")
                .contains("round_robin")
                .contains("policy no_such by ann: try");
        accept(
                own,
                null,
                endpoint(1).version("v1"),
                endpoint(2).version("v2"),
                endpoint(3).version("v2"));
        accept(
                own,
                both,
                endpoint(1).version("v1"),
                endpoint(2).version("v2"),
                endpoint(3).version("v2"));
        assertThat(log.toString().lines())
                .filteredOn(line -> line.contains("overridden"))
                .as("it has ended meanwhile")
                .hasSize(2);
    }

    @Test
    void aSplitByAKeyThatNoServerHasLeavesTheChannelsOwnAndIsSaidOnce(CapturedLog log) {
        Map<String, ?> own = Map.of("tags", List.of(Map.of("key", "version", "split", Map.of("v2", 100))));
        BalancingOverride unknown = split("nobody-has-it", Map.of("x", 100.0));
        accept(own, unknown, endpoint(1).version("v1"), endpoint(2).version("v2"));
        helper.subchannels().forEach(each -> each.ready());
        scene.settle();
        accept(own, unknown, endpoint(1).version("v1"), endpoint(2).version("v2"));
        assertThat(scene.ports(40)).containsExactly(2);
        assertThat(log.toString().lines())
                .filteredOn(line -> line.contains("overridden"))
                .singleElement()
                .asString()
                .contains("no server has a value for 'nobody-has-it'");
        accept(
                own,
                unknown,
                endpoint(1).version("v1").metadata(Map.of("nobody-has-it", "x")),
                endpoint(2).version("v2"));
        assertThat(scene.ports(40)).as("as soon as one has it").containsExactly(1);
    }

    @Test
    void aPolicyHoldsWhereTheChannelsOwnCannotBeUsed() {
        Status refused = scene.offer(BalancerScene.list(
                LbConfig.parse(Map.of("policy", "no_such")), BalancerScene.groups(endpoint(1), endpoint(2))));
        assertThat(refused.isOk()).isFalse();
        accept(Map.of("policy", "no_such"), policy("round_robin"), endpoint(1), endpoint(2));
        helper.subchannels().forEach(each -> each.ready());
        scene.settle();
        assertThat(scene.ports(10)).containsExactly(1, 2);
    }

    private static BalancingOverride policy(String policy) {
        return new BalancingOverride(policy, null, List.of("policy " + policy + " by ann"));
    }

    private static BalancingOverride split(String key, Map<String, Double> shares) {
        return new BalancingOverride(null, new Split(key, shares), List.of("split by " + key + " by ann"));
    }

    private void accept(Map<String, ?> own, @Nullable BalancingOverride override, Endpoint.Builder... servers) {
        Attributes attributes = override == null
                ? Attributes.EMPTY
                : Attributes.newBuilder()
                        .set(EndpointAttributes.BALANCING_OVERRIDE, override)
                        .build();
        scene.accept(BalancerScene.list(LbConfig.parse(own), BalancerScene.groups(servers)).toBuilder()
                .setAttributes(attributes)
                .build());
    }
}
