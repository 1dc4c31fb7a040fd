package io.github.grpclb.balancer.config;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.RoutingKeys;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How calls choose among servers by what these say of themselves.
 *
 * <pre>{@code
 * "tags": [{"key": "version", "header": "x-version", "fallback": true, "split": {"v2": 5}}]
 * }</pre>
 *
 * A call names a value by {@link RoutingKeys#TAGS} or by the header, and goes to servers that have it. Of several rules the first
 * that a call names a value for decides, or the first that has a split.
 *
 * <p>A split is for calls that name no value: so many per cent of them go to the servers of a value, and the others to servers of
 * no value in the split. It is drawn for each call anew. Where a share's servers cannot take the call, all can.
 *
 * @param key the metadata key of a server; {@code version} and {@code zone} are keys, too
 * @param header the header in which a call names a value, or null for none
 * @param fallback where no server has the value: true for the next rule, and after the last one for all servers; false for the
 *     call to fail with the reason
 * @param split per cent of calls by value, each from 0 to 100 and in all no more than 100; immutable
 */
public record TagRule(String key, Metadata.@Nullable Key<String> header, boolean fallback, Map<String, Double> split) {

    static TagRule parse(ConfigFields fields) {
        Map<String, Double> split = fields.numbers("split", 0, 100);
        if (split.values().stream().mapToDouble(Double::doubleValue).sum() > 100) {
            throw fields.refused("split", split, "no more than 100 in all");
        }
        return new TagRule(
                fields.requiredText("key", "a metadata key, such as version"),
                fields.header("header"),
                fields.flag("fallback", false),
                split);
    }

    /** Returns the same with another split. */
    public TagRule withSplit(Map<String, Double> other) {
        return new TagRule(key, header, fallback, other);
    }

    /** Returns the value that a server has, or null. */
    @Nullable
    public String valueOf(Endpoint endpoint) {
        return switch (key) {
            case "version" -> endpoint.version();
            case "zone" -> endpoint.zone();
            default -> endpoint.metadata().get(key);
        };
    }

    /** Returns the value that a call names, or null. */
    @Nullable
    public String valueOf(PickSubchannelArgs call) {
        Map<String, String> tags = call.getCallOptions().getOption(RoutingKeys.TAGS);
        String value = tags == null ? null : tags.get(key);
        if (value == null && header != null) {
            value = call.getHeaders().get(header);
        }
        return value == null || value.isBlank() ? null : value;
    }
}
