package io.github.grpclb.resolver;

import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.NameResolver.ServiceConfigParser;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parses a channel's service config and keeps the last good one: gRPC itself would fall back to the channel's default for a bad
 * one, silently. Not thread-safe.
 */
final class ServiceConfigs {

    private static final Logger logger = LoggerFactory.getLogger(ServiceConfigs.class);

    private static final String BALANCING = "loadBalancingConfig";

    private static final Parsed NONE = new Parsed(null, null, false);

    private final String target;
    private final ServiceConfigParser parser;
    private @Nullable Map<String, ?> lastRaw;
    private Parsed lastGood = NONE;

    ServiceConfigs(String target, ServiceConfigParser parser) {
        this.target = target;
        this.parser = parser;
    }

    /**
     * A service config.
     *
     * @param whole what gRPC makes of it; null leaves the channel with its default
     * @param balancer the configuration that it has for {@code endpoint_lb}, or null
     * @param nothingElse whether it says nothing else
     */
    record Parsed(@Nullable ConfigOrError whole, @Nullable BalancerConfig balancer, boolean nothingElse) {}

    /** Returns what is to be sent with the addresses. */
    Parsed parse(@Nullable Map<String, ?> raw) {
        if (raw == null) {
            lastRaw = null;
            lastGood = NONE;
        } else if (raw != lastRaw) {
            lastRaw = raw;
            keepIfGood(raw);
        }
        return lastGood;
    }

    private void keepIfGood(Map<String, ?> raw) {
        try {
            ConfigOrError parsed = parser.parseServiceConfig(raw);
            if (parsed.getError() == null) {
                BalancerConfig balancer = balancer(raw);
                lastGood = new Parsed(parsed, balancer, balancer != null && raw.size() == 1);
            } else {
                logger.warn(
                        "{}: service config refused, the one before stays: {}",
                        target,
                        parsed.getError().getDescription());
            }
        } catch (RuntimeException e) {
            logger.warn("{}: service config refused, the one before stays", target, e);
        }
    }

    /** As gRPC does, of the list's balancers it takes the first that there is. */
    private static @Nullable BalancerConfig balancer(Map<String, ?> raw) {
        LoadBalancerRegistry registry = LoadBalancerRegistry.getDefaultRegistry();
        for (Map<String, ?> choice : list(raw.get(BALANCING))) {
            for (Map.Entry<String, ?> named : choice.entrySet()) {
                LoadBalancerProvider provider = registry.getProvider(named.getKey());
                if (provider != null) {
                    Object config = provider.parseLoadBalancingPolicyConfig(object(named.getValue()))
                            .getConfig();
                    return config instanceof BalancerConfig ours ? ours : null;
                }
            }
        }
        return null;
    }

    @SuppressWarnings("unchecked") // gRPC has read it before
    private static List<Map<String, ?>> list(@Nullable Object json) {
        return json == null ? List.of() : (List<Map<String, ?>>) json;
    }

    @SuppressWarnings("unchecked") // gRPC has read it before
    private static Map<String, ?> object(Object json) {
        return (Map<String, ?>) json;
    }
}
