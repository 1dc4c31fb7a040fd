package io.github.grpclb.xds.config;

import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.policy.builtin.Policies;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A service's settings with what operators override of them. Ours can take the place of a policy only where one of ours is configured:
 * most clients would pick in turn instead, and follow no weights. And only a tag that has a rule can have a split, since the clusters'
 * names come of the rules.
 */
@Internal
public final class OverriddenSettings {

    private static final String BALANCER = "endpoint_lb";
    private static final Set<String> OF_GRPC_LB = Policies.with(List.of()).names();

    private OverriddenSettings() {}

    /**
     * Returns the settings that hold.
     *
     * @param refused is told what cannot be used, so that what is configured stays, and why
     */
    public static ServiceSettings of(
            ServiceSettings configured, BalancingOverride override, BiConsumer<String, String> refused) {
        ServiceSettings settings = configured;
        String name = override.policy();
        if (name != null) {
            BalancingPolicy policy = policy(name, configured.policy());
            if (policy == null) {
                refused.accept(
                        "policy", "'" + LogText.of(name) + "' (expected: " + expected(configured.policy()) + ")");
            } else if (!policy.equals(configured.policy())) {
                settings = settings.withPolicy(policy);
            }
        }
        BalancingOverride.Split split = override.split();
        if (split != null) {
            if (configured.tags().stream().noneMatch(rule -> rule.key().equals(split.key()))) {
                refused.accept("split", "there is no rule for the tag '" + LogText.of(split.key()) + "'");
            } else {
                settings = settings.withTags(withSplit(settings.tags(), split));
            }
        }
        return settings;
    }

    /** Where a policy is configured already it keeps its options. */
    private static @Nullable BalancingPolicy policy(String name, BalancingPolicy configured) {
        if (isOfGrpcLb(configured) && configured instanceof BalancingPolicy.Named named) {
            Map<String, ?> own = named.config();
            return OF_GRPC_LB.contains(name) && !name.equals(own.get("policy"))
                    ? new BalancingPolicy.Named(BALANCER, Map.of("policy", name, "options", Map.of()))
                    : name.equals(own.get("policy")) ? configured : null;
        }
        return switch (name) {
            case "round_robin", "weighted_round_robin" -> new BalancingPolicy.RoundRobin();
            case "least_request" ->
                configured instanceof BalancingPolicy.LeastRequest ? configured : new BalancingPolicy.LeastRequest(2);
            case "ring_hash" -> configured instanceof BalancingPolicy.RingHash ? configured : null;
            case "client_side_weighted_round_robin" ->
                configured instanceof BalancingPolicy.ReportedLoad
                        ? configured
                        : new BalancingPolicy.ReportedLoad(Duration.ofSeconds(10), Duration.ofMinutes(3));
            default -> null;
        };
    }

    private static boolean isOfGrpcLb(BalancingPolicy configured) {
        return configured instanceof BalancingPolicy.Named named && named.name().equals(BALANCER);
    }

    private static String expected(BalancingPolicy configured) {
        return isOfGrpcLb(configured)
                ? "one of " + OF_GRPC_LB
                : "round_robin, least_request, client_side_weighted_round_robin, or ring_hash where that is configured";
    }

    /** The first split of all rules holds, so that the others are taken out. */
    private static List<TagRule> withSplit(List<TagRule> rules, BalancingOverride.Split split) {
        TagRule meant = rules.stream()
                .filter(rule -> rule.key().equals(split.key()))
                .findFirst()
                .orElseThrow();
        return rules.stream()
                .map(rule -> rule.withSplit(rule == meant ? split.shares() : Map.of()))
                .toList();
    }
}
