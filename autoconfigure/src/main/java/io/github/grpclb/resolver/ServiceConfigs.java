package io.github.grpclb.resolver;

import io.grpc.NameResolver.ConfigOrError;
import io.grpc.NameResolver.ServiceConfigParser;
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

    private final String target;
    private final ServiceConfigParser parser;
    private @Nullable Map<String, ?> lastRaw;
    private @Nullable ConfigOrError lastGood;

    ServiceConfigs(String target, ServiceConfigParser parser) {
        this.target = target;
        this.parser = parser;
    }

    /** Returns what is to be sent with the addresses; null leaves the channel with its default. */
    @Nullable
    ConfigOrError parse(@Nullable Map<String, ?> raw) {
        if (raw == null) {
            lastRaw = null;
            lastGood = null;
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
                lastGood = parsed;
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
}
