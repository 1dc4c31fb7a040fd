package io.github.grpclb.test.spring;

import io.github.grpclb.test.TestEtcd;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;

/**
 * What a test with the embedded etcd sets.
 *
 * @param placed what depends on where the application runs, and is the test's to say
 * @param defaults what the application or the test may say otherwise
 */
record EmbeddedEtcdProperties(Map<String, Object> placed, Map<String, Object> defaults) {

    static final String PLACED = "grpc-lb embedded etcd";
    static final String DEFAULTS = "grpc-lb test defaults";

    /** Of net.devh and of Spring gRPC. */
    private static final List<String> PORTS = List.of("grpc.server.port", "spring.grpc.server.port");

    private static final List<String> ADDRESSES = List.of("grpc.server.address", "spring.grpc.server.address");
    private static final Set<String> WILDCARDS = Set.of("", "*", "0.0.0.0", "::", "[::]");

    /** A port that is switched off. */
    private static final String NONE = "-1";

    /** Means an absent value. */
    private static final String BLANK = "";

    static EmbeddedEtcdProperties of(TestEtcd etcd, ConfigurableEnvironment environment) {
        Map<String, Object> placed = new LinkedHashMap<>();
        placed.put("grpc.lb.etcd.endpoints", etcd.endpoint().toString());
        placed.put("grpc.lb.etcd.prefix", etcd.prefix());
        placed.put("grpc.lb.etcd.overrides-prefix", etcd.overridesPrefix());
        placed.put("grpc.lb.etcd.embedded.enabled", false);
        placed.put("grpc.lb.etcd.username", BLANK);
        placed.put("grpc.lb.etcd.password", BLANK);
        placed.put("grpc.lb.etcd.ssl.bundle", BLANK);
        placed.put("grpc.lb.etcd.allowed-cidrs", BLANK);
        placed.put("grpc.lb.etcd.allowed-host-suffixes", BLANK);
        placed.put("grpc.lb.etcd.allow-loopback", true);
        placed.put("grpc.lb.snapshot.directory", BLANK);
        placed.put("grpc.lb.registration.host", isBoundToOneAddress(environment) ? BLANK : "127.0.0.1");
        placed.put("grpc.lb.registration.port", BLANK);
        for (String port : PORTS) {
            if (!NONE.equals(strip(environment.getProperty(port)))) {
                placed.put(port, 0);
            }
        }
        return new EmbeddedEtcdProperties(
                placed,
                Map.of(
                        "grpc.lb.registration.drain.quiet-period", "0s",
                        "grpc.lb.registration.drain.stream-grace", "0s",
                        "grpc.client.GLOBAL.shutdown-grace-period", "0s"));
    }

    /** What a test says of itself stands before the system properties, what an application is told from outside there and after them. */
    void addTo(ConfigurableEnvironment environment) {
        MutablePropertySources sources = environment.getPropertySources();
        MapPropertySource first = new MapPropertySource(PLACED, placed);
        String system = StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME;
        if (sources.contains(system)) {
            sources.addBefore(system, first);
        } else {
            sources.addFirst(first);
        }
        sources.addLast(new MapPropertySource(DEFAULTS, defaults));
    }

    private static boolean isBoundToOneAddress(ConfigurableEnvironment environment) {
        return ADDRESSES.stream()
                .map(environment::getProperty)
                .map(EmbeddedEtcdProperties::strip)
                .anyMatch(address -> !WILDCARDS.contains(address));
    }

    private static String strip(@Nullable String text) {
        return text == null ? "" : text.strip();
    }
}
