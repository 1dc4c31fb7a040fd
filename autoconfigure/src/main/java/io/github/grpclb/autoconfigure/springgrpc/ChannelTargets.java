package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.autoconfigure.ClientServices;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.PropertyResolver;
import org.springframework.grpc.client.VirtualTargets;

/**
 * Where channels lead. What Spring gRPC's properties say comes first; a name that is a target by itself stays one; any other is that of a
 * client of ours, which Spring gRPC would look up in the DNS or, before Spring Boot 4.1, seek on this machine. Thread-safe.
 */
final class ChannelTargets implements VirtualTargets {

    /** What {@code default} means in Spring gRPC. */
    private static final String DEFAULT_TARGET = "localhost:9090";

    private final ChannelProperties properties;
    private final ClientServices services;
    private final String scheme;
    private final PropertyResolver placeholders;
    private final Set<String> asked = ConcurrentHashMap.newKeySet();

    /** Where the channel leads that this thread is making: factories ask for its target and then have its builder customized. */
    private final ThreadLocal<Map.@Nullable Entry<String, String>> making = new ThreadLocal<>();

    /**
     * Creates it.
     *
     * @param scheme that of the registry's targets
     * @param placeholders resolves those in names
     */
    ChannelTargets(
            ChannelProperties properties, ClientServices services, String scheme, PropertyResolver placeholders) {
        this.properties = properties;
        this.services = services;
        this.scheme = scheme;
        this.placeholders = placeholders;
    }

    @Override
    public String getTarget(String written) {
        return noted(written, target(written));
    }

    /** Returns targets that somebody else has chosen, whose channels are known from then on. */
    VirtualTargets knowing(VirtualTargets others) {
        return written -> noted(written, others.getTarget(written));
    }

    private String noted(String written, String target) {
        asked.add(client(written));
        making.set(Map.entry(written, target));
        return target;
    }

    /** Says whether a channel leads to servers of the registry. */
    boolean isOurs(String written) {
        Map.Entry<String, String> made = making.get();
        boolean isMade = made != null && made.getKey().equals(written);
        return hasOurScheme(isMade ? made.getValue() : target(written));
    }

    /** Returns what the client is called for whom a channel is made: its name, or the service that its target names. */
    String client(String written) {
        String name = placeholders.resolvePlaceholders(written);
        return hasOurScheme(name) && name.startsWith(":///", scheme.length())
                ? URI.create(name).getPath().substring(1)
                : name;
    }

    /** The case of a scheme tells nothing to gRPC. */
    private boolean hasOurScheme(String target) {
        return target.startsWith(":", scheme.length()) && target.regionMatches(true, 0, scheme, 0, scheme.length());
    }

    /** Returns the clients that channels were made for. */
    Set<String> asked() {
        return new TreeSet<>(asked);
    }

    private String target(String written) {
        String name = placeholders.resolvePlaceholders(written);
        boolean isTarget = name.indexOf(':') >= 0 || name.indexOf('/') >= 0;
        String configured = properties.target(written);
        if (configured == null) {
            configured = isTarget ? name : properties.targetOfAll();
        }
        if (configured != null) {
            // those that nothing could be said of when the properties were read, such as the port of a test's server
            return withoutHostsScheme(placeholders.resolvePlaceholders(configured));
        }
        boolean isDefault = name.equals(ChannelProperties.DEFAULT);
        return services.targetOf(name, scheme, !isDefault).orElse(DEFAULT_TARGET);
    }

    /** Spring gRPC's own schemes mean an address; gRPC does not know them. */
    private static String withoutHostsScheme(String target) {
        for (String hosts : new String[] {"static:", "tcp:"}) {
            if (target.startsWith(hosts)) {
                return target.substring(hosts.length()).replaceFirst("^/*", "");
            }
        }
        return target;
    }
}
