package io.github.grpclb.autoconfigure.properties;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;

/**
 * What xDS clients are told of a service: below {@code grpc.lb.xds} for all, below {@code grpc.lb.xds.services.<name>} for one, whose
 * settings take precedence, property by property.
 *
 * @param policy Policy with which clients pick a server: round_robin, least_request, ring_hash, client_side_weighted_round_robin, or a
 *     policy of grpc-lb; clients that do not know it take round_robin; round_robin when unset.
 * @param leastRequest Options of the policy least_request.
 * @param ringHash Options of the policy ring_hash.
 * @param clientSideWeightedRoundRobin Options of the policy client_side_weighted_round_robin.
 * @param policyOptions Options of a policy of grpc-lb, by the policy's name and the option's.
 * @param weights Where servers' weights are written: locality, which clients in all languages follow, or endpoint; locality for the policy
 *     round_robin and endpoint for others when unset.
 * @param preferZone Whether clients that name their zone call the servers there as long as one of them answers; true when unset.
 * @param tags Routing by the servers' metadata: rules of key, header, fallback and split; the first rule that applies to a call decides.
 * @param outlierDetection Ejection of servers that fail.
 * @param maxRequests Number of calls that a client may have in flight to the service; those beyond it fail; no limit when unset (1 or
 *     more).
 * @param timeout Longest time of a call, also of those with a longer deadline; no limit when unset (more than 0).
 * @param retry Calls that are made again.
 */
@ConfigurationProperties("grpc.lb.xds")
public record XdsServiceProperties(
        @Nullable String policy,
        @Nullable LeastRequest leastRequest,
        @Nullable RingHash ringHash,
        @Nullable ClientSideWeightedRoundRobin clientSideWeightedRoundRobin,
        @Nullable Map<String, Map<String, String>> policyOptions,
        @Nullable Weights weights,
        @Nullable Boolean preferZone,
        @Nullable List<ClientProperties.Tag> tags,
        @NestedConfigurationProperty ClientProperties.@Nullable OutlierDetection outlierDetection,
        @Nullable Integer maxRequests,
        @Nullable Duration timeout,
        @Nullable Retry retry) {

    /** A rule of which nothing is set is none. */
    public XdsServiceProperties {
        tags = ClientProperties.Tag.withoutEmpty(tags);
    }

    /**
     * Options of the policy least_request.
     *
     * @param choiceCount Number of servers drawn, of which the one with the fewest calls is taken (2 to 10, 2 when unset).
     */
    public record LeastRequest(@Nullable Integer choiceCount) {}

    /**
     * Options of the policy ring_hash.
     *
     * @param header Request header whose value is hashed; the policy needs one.
     */
    public record RingHash(@Nullable String header) {}

    /**
     * Options of the policy client_side_weighted_round_robin, as in gRFC A58.
     *
     * @param blackoutPeriod Time after a connection is made for which its server's load reports do not count (0 or more, 10s when unset).
     * @param weightExpirationPeriod Time for which a load report counts (more than 0, 3m when unset).
     */
    public record ClientSideWeightedRoundRobin(
            @Nullable Duration blackoutPeriod, @Nullable Duration weightExpirationPeriod) {}

    /** Where servers' weights are written. */
    public enum Weights {
        /** Each server is a locality of its own. */
        LOCALITY,
        /** The servers of a zone are endpoints of one locality. */
        ENDPOINT
    }

    /**
     * Calls that are made again, as in gRFC A44.
     *
     * @param maxAttempts How often a call is made at most, the first time included (2 to 5, 2 when unset).
     * @param retryableStatusCodes Status codes with which a failed call is made again: some of CANCELLED, DEADLINE_EXCEEDED, INTERNAL,
     *     RESOURCE_EXHAUSTED and UNAVAILABLE; UNAVAILABLE when unset.
     * @param initialBackoff Wait before the second attempt, on average; twice as long before each further one (more than 0, 25ms when
     *     unset).
     * @param maxBackoff Longest wait between two attempts (initial-backoff or more; ten times that when unset).
     */
    public record Retry(
            @Nullable Integer maxAttempts,
            @Nullable Set<Status.Code> retryableStatusCodes,
            @Nullable Duration initialBackoff,
            @Nullable Duration maxBackoff) {}

    /** Returns these settings, and those of all services where one is not set here, property by property. */
    public XdsServiceProperties over(XdsServiceProperties all) {
        return Records.over(this, all);
    }
}
