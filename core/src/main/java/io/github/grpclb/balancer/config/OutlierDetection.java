package io.github.grpclb.balancer.config;

import io.github.grpclb.policy.ConfigFields;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a server that fails is left out, and for how long; names and defaults are those of gRFC A50, which took them from Envoy.
 *
 * <pre>{@code
 * "outlierDetection": {
 *     "interval": "10s", "baseEjectionTime": "30s", "maxEjectionTime": "300s", "maxEjectionPercent": 10,
 *     "successRateEjection": {
 *         "stdevFactor": 1900, "enforcementPercentage": 100, "minimumHosts": 5, "requestVolume": 100},
 *     "failurePercentageEjection": {
 *         "threshold": 85, "enforcementPercentage": 100, "minimumHosts": 5, "requestVolume": 50}}
 * }</pre>
 *
 * Of the two kinds of ejection those that are named take place; where neither is, both do.
 *
 * @param interval from one look at the servers' calls to the next; at least 1 ms
 * @param baseEjectionTime how long a server is left out the first time; each time in a row as much longer; at least 1 ms
 * @param maxEjectionTime the longest time that it is left out, where it is longer than the first; at least 1 ms
 * @param maxEjectionPercent no more servers are ejected once so many are, 0 to 100. At least one can be, never all
 * @param successRate ejects servers that succeed less often than the others, or null for none
 * @param failurePercentage ejects servers that fail too often, or null for none
 */
public record OutlierDetection(
        Duration interval,
        Duration baseEjectionTime,
        Duration maxEjectionTime,
        int maxEjectionPercent,
        @Nullable SuccessRate successRate,
        @Nullable FailurePercentage failurePercentage) {

    private static final Duration MILLISECOND = Duration.ofMillis(1);

    /**
     * Ejects a server whose success rate is further below the mean than so many standard deviations.
     *
     * @param stdevFactor standard deviations in thousandths, ≥ 0
     * @param enforcementPercentage how likely a server found wanting is ejected, 0 to 100
     * @param minimumHosts how many servers must have had enough calls for a comparison, ≥ 1
     * @param requestVolume calls in an interval that are enough, ≥ 1
     */
    public record SuccessRate(int stdevFactor, int enforcementPercentage, int minimumHosts, int requestVolume) {

        static SuccessRate parse(ConfigFields fields) {
            return new SuccessRate(
                    fields.whole("stdevFactor", 1900, 0, Integer.MAX_VALUE),
                    fields.whole("enforcementPercentage", 100, 0, 100),
                    fields.whole("minimumHosts", 5, 1, Integer.MAX_VALUE),
                    fields.whole("requestVolume", 100, 1, Integer.MAX_VALUE));
        }
    }

    /**
     * Ejects a server of whose calls more than a percentage fail.
     *
     * @param threshold that percentage, 0 to 100
     * @param enforcementPercentage how likely a server found wanting is ejected, 0 to 100
     * @param minimumHosts how many servers must have had enough calls, ≥ 1
     * @param requestVolume calls in an interval that are enough, ≥ 1
     */
    public record FailurePercentage(int threshold, int enforcementPercentage, int minimumHosts, int requestVolume) {

        static FailurePercentage parse(ConfigFields fields) {
            return new FailurePercentage(
                    fields.whole("threshold", 85, 0, 100),
                    fields.whole("enforcementPercentage", 100, 0, 100),
                    fields.whole("minimumHosts", 5, 1, Integer.MAX_VALUE),
                    fields.whole("requestVolume", 50, 1, Integer.MAX_VALUE));
        }
    }

    static OutlierDetection parse(ConfigFields fields) {
        boolean neither = !fields.has("successRateEjection") && !fields.has("failurePercentageEjection");
        return new OutlierDetection(
                fields.duration("interval", Duration.ofSeconds(10), MILLISECOND),
                fields.duration("baseEjectionTime", Duration.ofSeconds(30), MILLISECOND),
                fields.duration("maxEjectionTime", Duration.ofSeconds(300), MILLISECOND),
                fields.whole("maxEjectionPercent", 10, 0, 100),
                neither || fields.has("successRateEjection")
                        ? SuccessRate.parse(fields.object("successRateEjection"))
                        : null,
                neither || fields.has("failurePercentageEjection")
                        ? FailurePercentage.parse(fields.object("failurePercentageEjection"))
                        : null);
    }
}
