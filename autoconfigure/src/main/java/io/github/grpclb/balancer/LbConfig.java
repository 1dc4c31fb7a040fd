package io.github.grpclb.balancer;

import io.grpc.Metadata;
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
 *     "serverId": {"mode": "strict", "header": "x-server-id"}}}
 * }</pre>
 *
 * Everything may be left out; fields that are not known are ignored.
 *
 * @param policy the policy's name
 * @param options the policy's options, in gRPC's JSON form
 * @param serverIdMode what becomes of a call whose server is not there
 * @param serverIdHeader the header that carries a server's id, or null if none does
 */
public record LbConfig(
        String policy,
        Map<String, ?> options,
        ServerIdMode serverIdMode,
        Metadata.@Nullable Key<String> serverIdHeader) {

    /** What holds where nothing is configured: round robin, strict, no header. */
    public static final LbConfig DEFAULT = new LbConfig("round_robin", Map.of(), ServerIdMode.STRICT, null);

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
     * @throws IllegalArgumentException if a field is not what it must be; the message names field, value and expectation
     */
    public static LbConfig parse(Map<String, ?> raw) {
        Map<String, ?> serverId = object(raw, "serverId");
        String policy = text(raw, "policy", "the name of a policy");
        return new LbConfig(
                policy == null ? DEFAULT.policy : policy,
                object(raw, "options"),
                mode(text(serverId, "mode", "'strict' or 'fallback'")),
                header(text(serverId, "header", "the name of a header")));
    }

    private static ServerIdMode mode(@Nullable String value) {
        if (value == null) {
            return DEFAULT.serverIdMode;
        }
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "strict" -> ServerIdMode.STRICT;
            case "fallback" -> ServerIdMode.FALLBACK;
            default -> throw new IllegalArgumentException("mode: '" + value + "' (expected: 'strict' or 'fallback')");
        };
    }

    private static Metadata.@Nullable Key<String> header(@Nullable String name) {
        if (name == null) {
            return null;
        }
        try {
            return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "header: '" + name + "' (expected: a gRPC header's name that does not end in -bin)", e);
        }
    }

    private static @Nullable String text(Map<String, ?> from, String field, String expected) {
        Object value = from.get(field);
        if (value == null) {
            return null;
        }
        if (value instanceof String text && !text.isBlank()) {
            return text;
        }
        throw new IllegalArgumentException(field + ": '" + value + "' (expected: " + expected + ")");
    }

    @SuppressWarnings("unchecked") // gRPC's JSON form has no other keys than strings
    private static Map<String, ?> object(Map<String, ?> from, String field) {
        Object value = from.get(field);
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> map && map.keySet().stream().allMatch(String.class::isInstance)) {
            return (Map<String, ?>) map;
        }
        throw new IllegalArgumentException(field + ": '" + value + "' (expected: an object)");
    }
}
