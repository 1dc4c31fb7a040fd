package io.github.grpclb.xds.resource;

import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.xds.config.ServiceSettings;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster stands for: all servers of a service, or those of them that have a value for a tag, {@code greeter|version=v2}, or none
 * of some values, {@code greeter|version!v2,v3}. Keys and values are percent-encoded. Immutable.
 *
 * @param service the service's name
 * @param part which of its servers; null for all
 */
@Internal
public record ClusterName(String service, @Nullable Part part) {

    /**
     * Some of a service's servers.
     *
     * @param key of the tag
     * @param without whether it is those that have none of the values, else those that have one of them
     * @param values not empty
     */
    public record Part(String key, boolean without, List<String> values) {

        /** A value that no server has: a blank one is none. */
        private static final String NOBODYS = "";

        public Part {
            values = List.copyOf(new TreeSet<>(values));
        }

        /** Returns the part in which no server is. */
        static Part ofNobody(String key) {
            return new Part(key, false, List.of(NOBODYS));
        }

        boolean isOfNobody() {
            return !without && values.equals(List.of(NOBODYS));
        }

        /** Says whether a server is one of them. */
        boolean has(TagRule rule, Endpoint endpoint) {
            String value = rule.valueOf(endpoint);
            return without != (value != null && !value.isEmpty() && values.contains(value));
        }

        /** Returns what stands for it in a cluster's name: {@code version=v2}. */
        @Override
        public String toString() {
            return encoded(key)
                    + (without ? "!" : "=")
                    + values.stream().map(ClusterName::encoded).collect(Collectors.joining(","));
        }
    }

    /**
     * Reads a name. Whether a name with a bar in it is that of a part, or that of a service which is called so, the settings say: those of
     * the service before the bar have a rule for the key, or have none.
     */
    public static ClusterName parse(String name, Function<String, ServiceSettings> settings) {
        int bar = name.lastIndexOf('|');
        if (bar > 0) {
            String service = name.substring(0, bar);
            Part part = parsePart(name.substring(bar + 1));
            if (part != null && ruleOf(part, settings.apply(service)) != null) {
                return new ClusterName(service, part);
            }
        }
        return new ClusterName(name, null);
    }

    private static @Nullable Part parsePart(String text) {
        int sign = 0;
        while (sign < text.length() && text.charAt(sign) != '=' && text.charAt(sign) != '!') {
            sign++;
        }
        if (sign == 0 || sign == text.length() || text.substring(sign).equals("!")) {
            return null;
        }
        try {
            return new Part(
                    decoded(text.substring(0, sign)),
                    text.charAt(sign) == '!',
                    Arrays.stream(text.substring(sign + 1).split(",", -1))
                            .map(ClusterName::decoded)
                            .toList());
        } catch (IllegalArgumentException e) {
            return null; // no percent-encoding
        }
    }

    /** Returns the rule for the part's tag. */
    static @Nullable TagRule ruleOf(Part part, ServiceSettings settings) {
        return settings.tags().stream()
                .filter(rule -> rule.key().equals(part.key()))
                .findFirst()
                .orElse(null);
    }

    @Override
    public String toString() {
        return part == null ? service : service + "|" + part;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("!", "%21");
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
