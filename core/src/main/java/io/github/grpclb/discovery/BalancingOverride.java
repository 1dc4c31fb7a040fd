package io.github.grpclb.discovery;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What operators override of how the calls to a service are balanced, whatever its clients have configured. Immutable.
 *
 * @param policy the name of the policy that picks; null for the client's own
 * @param split how calls that name no value are divided by a tag; null for the client's own
 * @param causes by whom what is overridden until when and why, a sentence each, for a person to read
 */
public record BalancingOverride(
        @Nullable String policy, @Nullable Split split, List<String> causes) {

    /** Nothing is overridden. */
    public static final BalancingOverride NONE = new BalancingOverride(null, null, List.of());

    /**
     * How calls are divided.
     *
     * @param key the metadata key of a server; {@code version} and {@code zone} are keys, too
     * @param shares per cent of calls by value, each from 0 to 100 and in all no more than 100
     */
    public record Split(String key, Map<String, Double> shares) {

        public Split {
            if (key.isBlank()) {
                throw new IllegalValueException("key", key, "a text that is not blank");
            }
            shares = Map.copyOf(shares);
            double sum = 0;
            for (Map.Entry<String, Double> share : shares.entrySet()) {
                if (!(share.getValue() >= 0 && share.getValue() <= 100)) {
                    throw new IllegalValueException("shares." + share.getKey(), share.getValue(), "0 to 100");
                }
                sum += share.getValue();
            }
            if (sum > 100) {
                throw new IllegalValueException("shares", shares, "no more than 100 in all");
            }
        }
    }

    public BalancingOverride {
        causes = List.copyOf(causes);
    }
}
