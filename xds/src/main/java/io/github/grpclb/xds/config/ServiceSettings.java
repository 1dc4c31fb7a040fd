package io.github.grpclb.xds.config;

import io.github.grpclb.balancer.config.OutlierDetection;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What clients of a service are told beside who its servers are. Immutable.
 *
 * @param policy how they choose a server
 * @param weights where a server's weight is written; null for what the policy needs
 * @param preferZone whether a client that names its zone has that zone's servers first, and all others only once these fail
 * @param tags how calls choose among servers by what these say of themselves
 * @param outlierDetection when a server that fails is left out; null for never
 * @param maxRequests how many calls a client may have in flight to the service; those beyond it fail. Null for no limit
 * @param timeout the longest time of a call without a deadline of its own, and of one with a longer one; null for no limit
 * @param retries which calls are made again; null for none
 */
public record ServiceSettings(
        BalancingPolicy policy,
        @Nullable Weights weights,
        boolean preferZone,
        List<TagRule> tags,
        @Nullable OutlierDetection outlierDetection,
        @Nullable Integer maxRequests,
        @Nullable Duration timeout,
        @Nullable Retries retries) {

    /** Round robin by weight, the client's zone first, and nothing else. */
    public static final ServiceSettings DEFAULT =
            new ServiceSettings(new BalancingPolicy.RoundRobin(), null, true, List.of(), null, null, null, null);

    public ServiceSettings {
        tags = List.copyOf(tags);
        if (weights == Weights.LOCALITY && !(policy instanceof BalancingPolicy.RoundRobin)) {
            throw new IllegalValueException(
                    "weights", weights, "ENDPOINT, as " + policy + " has to choose among all servers of a locality");
        }
        if (maxRequests != null && maxRequests < 1) {
            throw new IllegalValueException("maxRequests", maxRequests, "at least 1");
        }
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new IllegalValueException("timeout", timeout, "a duration above 0");
        }
    }

    /** Returns where a server's weight is written. */
    public Weights writtenWeights() {
        if (weights != null) {
            return weights;
        }
        return policy instanceof BalancingPolicy.RoundRobin ? Weights.LOCALITY : Weights.ENDPOINT;
    }

    /** Returns the same with another policy, and weights where that one needs them. */
    public ServiceSettings withPolicy(BalancingPolicy other) {
        return new ServiceSettings(other, null, preferZone, tags, outlierDetection, maxRequests, timeout, retries);
    }

    /** Returns the same with other rules for tags. */
    public ServiceSettings withTags(List<TagRule> other) {
        return new ServiceSettings(policy, weights, preferZone, other, outlierDetection, maxRequests, timeout, retries);
    }

    /** Returns the same with servers left out that fail. */
    public ServiceSettings withOutlierDetection(OutlierDetection other) {
        return new ServiceSettings(policy, weights, preferZone, tags, other, maxRequests, timeout, retries);
    }

    /** Returns the same with such limits for calls. */
    public ServiceSettings withCalls(
            @Nullable Integer mostInFlight, @Nullable Duration longest, @Nullable Retries again) {
        return new ServiceSettings(policy, weights, preferZone, tags, outlierDetection, mostInFlight, longest, again);
    }
}
