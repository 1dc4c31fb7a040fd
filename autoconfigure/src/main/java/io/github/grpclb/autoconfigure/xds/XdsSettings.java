package io.github.grpclb.autoconfigure.xds;

import io.github.grpclb.autoconfigure.WrittenOptions;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.OwnOverAll;
import io.github.grpclb.autoconfigure.properties.RecordJson;
import io.github.grpclb.autoconfigure.properties.Records;
import io.github.grpclb.autoconfigure.properties.RelaxedNames;
import io.github.grpclb.autoconfigure.properties.XdsProperties;
import io.github.grpclb.autoconfigure.properties.XdsServiceProperties;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.xds.config.AllowedNodes;
import io.github.grpclb.xds.config.BalancingPolicy;
import io.github.grpclb.xds.config.Retries;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.config.Weights;
import io.github.grpclb.xds.config.XdsOptions;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a control plane's options out of the properties, and names the property in what is wrong.
 *
 * @param all what holds for all services
 * @param staleMax for how long servers that vanished together are told of
 * @param policies those of grpc-lb
 */
record XdsSettings(XdsProperties properties, XdsServiceProperties all, Duration staleMax, PolicyTable policies) {

    static final String PREFIX = "grpc.lb.xds.";

    private static final Logger log = LoggerFactory.getLogger(XdsSettings.class);

    private static final XdsServiceProperties NOTHING_SET = Records.empty(XdsServiceProperties.class);

    /** The name of grpc-lb's balancer in gRPC's registry of balancers. */
    private static final String BALANCER = "endpoint_lb";

    private static final List<String> XDS_POLICIES =
            List.of("round_robin", "least_request", "ring_hash", "client_side_weighted_round_robin");

    /** The properties of the control plane, by what they are there. */
    private static final Map<String, String> LIMITS = Map.of(
            "streams", "max-streams",
            "subscriptions", "max-resources-per-stream",
            "loadReportInterval", "load-report-interval");

    private static final int DEFAULT_CHOICES = 2;
    private static final Duration DEFAULT_BLACKOUT = Duration.ofSeconds(10);
    private static final Duration DEFAULT_EXPIRY = Duration.ofMinutes(3);
    private static final int DEFAULT_ATTEMPTS = 2;
    private static final Duration DEFAULT_BACKOFF = Duration.ofMillis(25);
    private static final int LONGEST_BACKOFF_FACTOR = 10;

    /**
     * Returns the options.
     *
     * @throws InvalidPropertyException if something does not fit, be it of a service that nobody asks for
     */
    XdsOptions options() {
        ServiceSettings ofOthers = settings(PREFIX, NOTHING_SET);
        Map<String, ServiceSettings> ofServices = new HashMap<>();
        properties
                .services()
                .forEach((name, own) -> ofServices.put(name, settings(PREFIX + "services." + name + ".", own)));
        try {
            return new XdsOptions(
                    service -> find(ofServices, service).orElse(ofOthers),
                    staleMax,
                    properties.maxStreams(),
                    new StreamLimits(
                            properties.maxResourcesPerStream(),
                            StreamLimits.DEFAULT.nameLength(),
                            new AllowedNodes(properties.allowedNodes())),
                    properties.loadReportInterval());
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, PREFIX + LIMITS.getOrDefault(e.name(), e.name()));
        }
    }

    /** Finds a service's settings. The name is any client's: one that may mean two of the services has none of its own. */
    private static Optional<ServiceSettings> find(Map<String, ServiceSettings> ofServices, String service) {
        try {
            return RelaxedNames.find(PREFIX + "services.", ofServices, service).map(ofServices::get);
        } catch (InvalidPropertyException e) {
            log.debug("{}", e.getMessage());
            return Optional.empty();
        }
    }

    private ServiceSettings settings(String prefix, XdsServiceProperties own) {
        return new OfService(prefix, own, all, policies).settings();
    }

    /** One service's. */
    private record OfService(String prefix, XdsServiceProperties own, XdsServiceProperties all, PolicyTable policies) {

        ServiceSettings settings() {
            XdsServiceProperties set = own.over(all);
            LbConfig shared = shared(set);
            return named(
                    Map.of("maxRequests", "maxRequests", "timeout", "timeout", "weights", "weights"),
                    () -> new ServiceSettings(
                            policy(set),
                            weights(set),
                            set.preferZone() == null || set.preferZone(),
                            shared.tags(),
                            shared.outlierDetection(),
                            set.maxRequests(),
                            set.timeout(),
                            retries(set.retry())));
        }

        /** What is written as the starter's clients write it is read as theirs. */
        private LbConfig shared(XdsServiceProperties set) {
            Map<String, Object> json = new HashMap<>(RecordJson.withoutSwitches(RecordJson.of(set)));
            json.keySet().retainAll(Set.of("tags", "outlierDetection"));
            try {
                return LbConfig.parse(json);
            } catch (IllegalValueException e) {
                throw InvalidPropertyException.of(e, property(e.name()));
            }
        }

        private BalancingPolicy policy(XdsServiceProperties set) {
            WrittenOptions options =
                    new WrittenOptions(policies, prefix, own.policyOptions(), PREFIX, all.policyOptions());
            options.requireValid(Map.of());
            String policy = set.policy() == null ? XDS_POLICIES.get(0) : set.policy();
            return switch (policy) {
                case "round_robin" -> new BalancingPolicy.RoundRobin();
                case "least_request" -> leastRequest(set.leastRequest());
                case "ring_hash" -> ringHash(set.ringHash());
                case "client_side_weighted_round_robin" -> reportedLoad(set.clientSideWeightedRoundRobin());
                default -> ofGrpcLb(policy, options);
            };
        }

        private BalancingPolicy leastRequest(XdsServiceProperties.@Nullable LeastRequest set) {
            int choices = set == null || set.choiceCount() == null ? DEFAULT_CHOICES : set.choiceCount();
            return named(
                    Map.of("choices", "leastRequest.choiceCount"), () -> new BalancingPolicy.LeastRequest(choices));
        }

        private BalancingPolicy ringHash(XdsServiceProperties.@Nullable RingHash set) {
            String header = set == null ? null : set.header();
            if (header == null || header.isBlank()) {
                throw new InvalidPropertyException(
                        (own.policy() == null ? PREFIX : prefix) + "ring-hash.header",
                        header,
                        "the name of a request header, as the policy is ring_hash",
                        "Name the header whose value says which calls belong together.");
            }
            return named(Map.of("header", "ringHash.header"), () -> new BalancingPolicy.RingHash(header.strip()));
        }

        private BalancingPolicy reportedLoad(XdsServiceProperties.@Nullable ClientSideWeightedRoundRobin set) {
            Duration blackout = set == null || set.blackoutPeriod() == null ? DEFAULT_BLACKOUT : set.blackoutPeriod();
            Duration expiry =
                    set == null || set.weightExpirationPeriod() == null ? DEFAULT_EXPIRY : set.weightExpirationPeriod();
            return named(
                    Map.of(
                            "blackout", "clientSideWeightedRoundRobin.blackoutPeriod",
                            "expiry", "clientSideWeightedRoundRobin.weightExpirationPeriod"),
                    () -> new BalancingPolicy.ReportedLoad(blackout, expiry));
        }

        private BalancingPolicy ofGrpcLb(String policy, WrittenOptions options) {
            if (!policies.names().contains(policy)) {
                List<String> names = new ArrayList<>(XDS_POLICIES);
                policies.names().stream().filter(name -> !names.contains(name)).forEach(names::add);
                throw new InvalidPropertyException(
                        property("policy"), policy, "one of " + String.join(", ", names), "Choose one of these.");
            }
            return new BalancingPolicy.Named(BALANCER, Map.of("policy", policy, "options", options.of(policy)));
        }

        private @Nullable Weights weights(XdsServiceProperties set) {
            return set.weights() == null ? null : Weights.valueOf(set.weights().name());
        }

        private @Nullable Retries retries(XdsServiceProperties.@Nullable Retry set) {
            if (set == null || RecordJson.of(set).isEmpty()) {
                return null;
            }
            int attempts = set.maxAttempts() == null ? DEFAULT_ATTEMPTS : set.maxAttempts();
            if (attempts < 2 || attempts > 5) {
                throw new InvalidPropertyException(
                        property("retry.maxAttempts"), attempts, "2 to 5", "Set how often a call is made at most.");
            }
            Duration first = set.initialBackoff() == null ? DEFAULT_BACKOFF : set.initialBackoff();
            Duration longest = set.maxBackoff() == null ? first.multipliedBy(LONGEST_BACKOFF_FACTOR) : set.maxBackoff();
            Set<Status.Code> codes =
                    set.retryableStatusCodes() == null ? Set.of(Status.Code.UNAVAILABLE) : set.retryableStatusCodes();
            return named(
                    Map.of(
                            "codes", "retry.retryableStatusCodes",
                            "firstPause", "retry.initialBackoff",
                            "longestPause", "retry.maxBackoff"),
                    () -> new Retries(codes, attempts - 1, first, longest));
        }

        /** Makes something, and names the property that was refused. */
        private <T> T named(Map<String, String> components, Supplier<T> maker) {
            try {
                return maker.get();
            } catch (IllegalValueException e) {
                throw InvalidPropertyException.of(e, property(components.getOrDefault(e.name(), e.name())));
            }
        }

        private String property(String jsonPath) {
            return new OwnOverAll(prefix, own, PREFIX, all).property(jsonPath);
        }
    }
}
