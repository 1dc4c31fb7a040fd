package io.github.grpclb.autoconfigure.properties;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How a client's calls are balanced: under {@code grpc.lb} for all clients, under {@code grpc.lb.clients.<name>} for one, whose settings
 * take precedence, property by property. What is not set is left to the balancer, whose names, ranges and defaults these are; they reach
 * it as JSON, component by component ({@link RecordJson}).
 *
 * @param service Name of the service, when it differs from the client's name.
 * @param policy Policy that picks a server for each call; round_robin when unset.
 * @param serverId Calls that name a server.
 * @param consistentHash Options of the policy consistent_hash.
 * @param leastRequest Options of the policy least_request.
 * @param peakEwma Options of the policy peak_ewma.
 * @param policyOptions Options of policies of your own, by the policy's name and the option's.
 * @param subsetSize Number of servers that a client keeps connections to, drawn at random; all when unset. Of each zone and each canary
 *     as many; others on demand, for calls that name them by id, tag or hash key (1 or more).
 * @param healthCheck Whether servers are asked for their health.
 * @param outlierDetection Ejection of servers that fail.
 * @param tags Routing by the servers' metadata: rules of key, header, fallback and split; the first rule that applies to a call
 *     decides.
 * @param zone Zone-aware routing.
 * @param panicThreshold Percentage of usable servers below which ejected servers are used as well; 0 never uses them (0 to 100, 50 when
 *     unset).
 * @param slowStart Slow start: new servers ramp up to their share of calls.
 * @param initialWait How long calls wait for a first server where none is registered yet, from the registry's first answer on;
 *     0 fails them at once (0 to 1h, 2s when unset).
 * @param minReadyEndpoints Number of servers without which the health contributor grpcLbReadiness keeps the application from being
 *     ready: those that a client is connected to or, as long as nobody has called through it, those that the registry lists. A client
 *     that has had them once stays ready, and one with fewer servers in grpc.lb.static needs those; 0 needs none (0 or more, at most subset-size, 0 when unset).
 */
@ConfigurationProperties("grpc.lb")
public record ClientProperties(
        @Nullable String service,
        @Nullable String policy,
        @Nullable ServerId serverId,
        @Nullable ConsistentHash consistentHash,
        @Nullable LeastRequest leastRequest,
        @Nullable PeakEwma peakEwma,
        @Nullable Map<String, Map<String, String>> policyOptions,
        @Nullable Integer subsetSize,
        @Nullable HealthCheck healthCheck,
        @Nullable OutlierDetection outlierDetection,
        @Nullable List<Tag> tags,
        @Nullable Zone zone,
        @Nullable Integer panicThreshold,
        @Nullable SlowStart slowStart,
        @Nullable Duration initialWait,
        @Nullable Integer minReadyEndpoints) {

    /** A rule of which nothing is set is none. */
    public ClientProperties {
        tags = Tag.withoutEmpty(tags);
    }

    /**
     * Calls that name a server.
     *
     * @param mode What happens to a call that names a server when that server is not there; strict when unset.
     * @param header Request header that carries the server's id, besides the call option; none when unset.
     */
    public record ServerId(@Nullable Mode mode, @Nullable String header) {

        /** What happens to a call whose server is not there. */
        public enum Mode {
            /** The call fails and says why. */
            STRICT,
            /** The policy picks another server. */
            FALLBACK
        }
    }

    /** The options of a policy, as its component here is named: those of {@code least_request} are {@code leastRequest}. */
    public interface PolicyOptions {}

    /**
     * Options of the policy consistent_hash.
     *
     * @param algorithm Table that maps keys to servers; ring when unset.
     * @param header Request header that carries the key, besides the call option and the context; none when unset.
     * @param minRingSize Smallest number of entries of the ring (1 to 8388608, 1024 when unset).
     * @param maxRingSize Largest number of entries of the ring (min-ring-size to 8388608, 131072 when unset).
     * @param hashBalanceFactor Bound on a server's calls in flight, in per cent of its fair share; 0 or unset sets no bound (0, or 100 to
     *     10000).
     * @param noKey What happens to a call without a key; random when unset.
     */
    public record ConsistentHash(
            @Nullable Algorithm algorithm,
            @Nullable String header,
            @Nullable Integer minRingSize,
            @Nullable Integer maxRingSize,
            @Nullable Integer hashBalanceFactor,
            @Nullable NoKey noKey)
            implements PolicyOptions {

        /** Table that maps keys to servers. */
        public enum Algorithm {
            /** Points on a ring, many for each server; the options are named as in gRFC A42. */
            RING,
            /** Maglev's table. */
            MAGLEV
        }

        /** What happens to a call without a key. */
        public enum NoKey {
            /** It goes to any server, by weight. */
            RANDOM,
            /** It fails and says why. */
            FAIL
        }
    }

    /**
     * Options of the policy least_request.
     *
     * @param choiceCount Number of servers drawn, of which the one with the fewest calls is taken (2 to 10, 2 when unset).
     * @param activeRequestBias How much calls in flight count where weights differ; 0 not at all (0 to 100, 1 when unset).
     */
    public record LeastRequest(
            @Nullable Integer choiceCount, @Nullable Double activeRequestBias) implements PolicyOptions {}

    /**
     * Options of the policy peak_ewma.
     *
     * @param decay How long a latency counts (1s to 365d, 10s when unset).
     */
    public record PeakEwma(@Nullable Duration decay) implements PolicyOptions {}

    /**
     * Whether servers are asked for their health by gRPC's health checking protocol.
     *
     * @param enabled Whether servers are asked for their health; unset, they are as soon as another property here is set.
     * @param serviceName Name of the service that is asked for; the server as a whole when unset.
     */
    public record HealthCheck(
            @Nullable Boolean enabled, @Nullable String serviceName) {}

    /**
     * Ejection of servers that fail, as in gRFC A50.
     *
     * @param enabled Whether servers that fail are ejected; unset, they are as soon as another property here is set.
     * @param interval Time from one evaluation of the servers' calls to the next (at least 1ms, 10s when unset).
     * @param baseEjectionTime Time for which a server is ejected the first time; each time in a row it is as much longer (at least
     *     1ms, 30s when unset).
     * @param maxEjectionTime Longest time for which a server is ejected (at least 1ms, 300s when unset).
     * @param maxEjectionPercent Percentage of servers at which no more are ejected; at least one may be, never all (0 to 100, 10 when
     *     unset).
     * @param successRateEjection Ejection of servers that succeed less often than the others.
     * @param failurePercentageEjection Ejection of servers that fail too often.
     */
    public record OutlierDetection(
            @Nullable Boolean enabled,
            @Nullable Duration interval,
            @Nullable Duration baseEjectionTime,
            @Nullable Duration maxEjectionTime,
            @Nullable Integer maxEjectionPercent,
            @Nullable SuccessRateEjection successRateEjection,
            @Nullable FailurePercentageEjection failurePercentageEjection) {}

    /**
     * Ejection of servers that succeed less often than the others.
     *
     * @param stdevFactor Distance below the mean success rate, in thousandths of a standard deviation (0 or more, 1900 when unset).
     * @param enforcementPercentage Probability in per cent that an outlier is ejected (0 to 100, 100 when unset).
     * @param minimumHosts Number of servers with enough calls that a comparison needs (1 or more, 5 when unset).
     * @param requestVolume Number of calls in an interval that are enough (1 or more, 100 when unset).
     */
    public record SuccessRateEjection(
            @Nullable Integer stdevFactor,
            @Nullable Integer enforcementPercentage,
            @Nullable Integer minimumHosts,
            @Nullable Integer requestVolume) {}

    /**
     * Ejection of servers that fail too often.
     *
     * @param threshold Percentage of failed calls above which a server is ejected (0 to 100, 85 when unset).
     * @param enforcementPercentage Probability in per cent that an outlier is ejected (0 to 100, 100 when unset).
     * @param minimumHosts Number of servers with enough calls that an ejection needs (1 or more, 5 when unset).
     * @param requestVolume Number of calls in an interval that are enough (1 or more, 50 when unset).
     */
    public record FailurePercentageEjection(
            @Nullable Integer threshold,
            @Nullable Integer enforcementPercentage,
            @Nullable Integer minimumHosts,
            @Nullable Integer requestVolume) {}

    /**
     * A rule by which calls choose among servers by one of their metadata.
     *
     * @param key Metadata key of the servers, such as version.
     * @param header Request header in which a call names a value, besides the call option; none when unset.
     * @param fallback Whether a call goes to another server when none has the value, instead of failing.
     * @param split Percentage of the calls that name no value, by value.
     */
    public record Tag(
            @Nullable String key,
            @Nullable String header,
            @Nullable Boolean fallback,
            @Nullable Map<String, Double> split) {

        /** A blank text, such as what {@code ${HEADER:}} may leave, means an absent one. */
        public Tag {
            key = BlankIsAbsent.textOrNull(key);
            header = BlankIsAbsent.textOrNull(header);
        }

        static @Nullable List<Tag> withoutEmpty(@Nullable List<Tag> tags) {
            List<Tag> rules = tags == null
                    ? List.of()
                    : tags.stream().filter(rule -> !rule.isEmpty()).toList();
            return rules.isEmpty() ? null : rules;
        }

        private boolean isEmpty() {
            return key == null && header == null && fallback == null && (split == null || split.isEmpty());
        }
    }

    /**
     * Zone-aware routing: calls stay in the client's own zone while it has room for them.
     *
     * @param enabled Whether calls stay in the client's zone; unset, they do as soon as another property here is set.
     * @param own Zone of this client; defaults, where zone-aware routing is enabled, to the environment variable TOPOLOGY_ZONE or,
     *     without that, to the label topology.kubernetes.io/zone in the file of the pod's labels.
     * @param overprovisioningFactor How many times its fair load a server can take (1 to 100, 1.4 when unset).
     */
    public record Zone(
            @Nullable Boolean enabled,
            @Nullable String own,
            @Nullable Double overprovisioningFactor) {}

    /**
     * Slow start: new servers ramp up to their share of calls.
     *
     * @param enabled Whether new servers start slowly; unset, they do as soon as another property here is set.
     * @param window Time over which a new server ramps up (at least 1ms, 30s when unset).
     * @param aggression Shape of the ramp: 1 is a straight line, above 1 is steeper at first (0.1 to 10, 1 when unset).
     * @param minWeightPercent Percentage of its weight with which a new server starts (1 to 100, 10 when unset).
     */
    public record SlowStart(
            @Nullable Boolean enabled,
            @Nullable Duration window,
            @Nullable Double aggression,
            @Nullable Double minWeightPercent) {}

    /** Returns these settings with others for zones. */
    public ClientProperties with(Zone other) {
        return new ClientProperties(
                service,
                policy,
                serverId,
                consistentHash,
                leastRequest,
                peakEwma,
                policyOptions,
                subsetSize,
                healthCheck,
                outlierDetection,
                tags,
                other,
                panicThreshold,
                slowStart,
                initialWait,
                minReadyEndpoints);
    }

    /** Returns these settings, and those of all clients where one is not set here, property by property. */
    public ClientProperties over(ClientProperties all) {
        return Records.over(this, all);
    }
}
