package io.github.grpclb.balancer.config;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.BalancerConfig;
import io.grpc.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code endpoint_lb} is configured to do. Its form in a service config:
 *
 * <pre>{@code
 * {"endpoint_lb": {
 *     "policy": "weighted_random",
 *     "options": {},
 *     "serverId": {"mode": "strict", "header": "x-server-id"},
 *     "outlierDetection": {},
 *     "tags": [{"key": "version", "header": "x-version"}],
 *     "zone": {"own": "eu-1a"},
 *     "panicThreshold": 50,
 *     "slowStart": {"window": "30s"},
 *     "healthCheck": {"serviceName": "greeter"},
 *     "subsetSize": 20}}
 * }</pre>
 *
 * Everything may be left out; a field that is not known is refused. Durations are written as gRPC does, {@code "0.5s"}, or as ISO 8601
 * does, {@code "PT0.5S"}.
 *
 * @param policy the policy's name
 * @param options the policy's options, in gRPC's JSON form
 * @param serverIdMode what becomes of a call whose server is not there
 * @param serverIdHeader the header that carries a server's id, or null if none does
 * @param outlierDetection when servers that fail are left out, or null for never
 * @param tags how calls choose among servers by what these say of themselves; the first rule that a call meets decides
 * @param zone that calls stay in the client's zone, or null if they need not
 * @param panicThreshold below so many per cent of usable servers, those that were left out are used as well; 0 for never, to 100
 * @param slowStart slow start of new servers, or null for none
 * @param healthCheck the service whose health servers are asked for, empty for the server as a whole; null if they are not asked
 * @param subsetSize how many servers are connected to whatever calls there are; 0 for all. Of each part that tags and zone make as
 *     many; others on demand, for calls that name them by id, tag or hash key
 */
public record LbConfig(
        String policy,
        Map<String, ?> options,
        ServerIdMode serverIdMode,
        Metadata.@Nullable Key<String> serverIdHeader,
        @Nullable OutlierDetection outlierDetection,
        List<TagRule> tags,
        @Nullable ZoneRouting zone,
        int panicThreshold,
        @Nullable SlowStart slowStart,
        @Nullable String healthCheck,
        int subsetSize)
        implements BalancerConfig {

    /** What holds where nothing is configured: round robin over all servers. */
    public static final LbConfig DEFAULT = new LbConfig(
            Policies.DEFAULT, Map.of(), ServerIdMode.STRICT, null, null, List.of(), null, 50, null, null, 0);

    /** What becomes of a call that is bound to a server which is not there. */
    public enum ServerIdMode {
        /** It fails with the reason. */
        STRICT,
        /** The policy picks another server. */
        FALLBACK
    }

    /**
     * Reads the form above.
     *
     * @throws IllegalValueException if a field is not what it must be, or there is none of its name
     */
    public static LbConfig parse(Map<String, ?> raw) {
        ConfigFields fields = ConfigFields.of(raw);
        ConfigFields serverId = fields.object("serverId");
        String policy = fields.text("policy", "the name of a policy");
        LbConfig config = new LbConfig(
                policy == null ? DEFAULT.policy : policy,
                fields.raw("options"),
                mode(serverId),
                serverId.header("header"),
                fields.has("outlierDetection") ? OutlierDetection.parse(fields.object("outlierDetection")) : null,
                fields.objects("tags").stream().map(TagRule::parse).toList(),
                fields.has("zone") ? ZoneRouting.parse(fields.object("zone")) : null,
                fields.whole("panicThreshold", DEFAULT.panicThreshold, 0, 100),
                fields.has("slowStart") ? SlowStart.parse(fields.object("slowStart")) : null,
                fields.has("healthCheck") ? checkedService(fields.object("healthCheck")) : null,
                fields.whole("subsetSize", DEFAULT.subsetSize, 1, Integer.MAX_VALUE));
        fields.requireNoOthers();
        return config;
    }

    /** Returns the same with another policy, without the options, which are those of the policy before; itself where it has that one. */
    public LbConfig withPolicy(String other) {
        return other.equals(policy) ? this : withPolicy(other, Map.of());
    }

    /**
     * Returns the same with this split alone: in the rule for its key; where there is none, in one after all others, which changes
     * nothing for calls that name a value that no server has.
     *
     * @param split per cent of calls by value, each from 0 to 100 and in all no more than 100
     */
    public LbConfig withSplit(String key, Map<String, Double> split) {
        List<TagRule> rules = new ArrayList<>();
        boolean found = false;
        for (TagRule rule : tags) {
            boolean meant = !found && rule.key().equals(key);
            found |= meant;
            rules.add(rule.withSplit(meant ? split : Map.of()));
        }
        if (!found) {
            rules.add(new TagRule(key, null, true, split));
        }
        return new LbConfig(
                policy,
                options,
                serverIdMode,
                serverIdHeader,
                outlierDetection,
                List.copyOf(rules),
                zone,
                panicThreshold,
                slowStart,
                healthCheck,
                subsetSize);
    }

    /** Returns the same with another policy. */
    public LbConfig withPolicy(String otherPolicy, Map<String, ?> otherOptions) {
        return new LbConfig(
                otherPolicy,
                otherOptions,
                serverIdMode,
                serverIdHeader,
                outlierDetection,
                tags,
                zone,
                panicThreshold,
                slowStart,
                healthCheck,
                subsetSize);
    }

    private static String checkedService(ConfigFields healthCheck) {
        String service = healthCheck.text("serviceName", "the name of a service");
        return service == null ? "" : service;
    }

    private static ServerIdMode mode(ConfigFields serverId) {
        String expected = "'strict' or 'fallback'";
        String value = serverId.text("mode", expected);
        if (value == null) {
            return DEFAULT.serverIdMode;
        }
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "strict" -> ServerIdMode.STRICT;
            case "fallback" -> ServerIdMode.FALLBACK;
            default -> throw serverId.refused("mode", value, expected);
        };
    }
}
