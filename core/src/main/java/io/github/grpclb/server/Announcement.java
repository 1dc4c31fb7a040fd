package io.github.grpclb.server;

import io.github.grpclb.discovery.Endpoint;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of itself, before its port is known.
 *
 * @param services names of the services that it is found under, at least one
 * @param id the server's id; null: its address is its id
 * @param host advertised host, an IP literal without brackets or a name
 * @param port advertised port; null: the port that the server listens on
 * @param weight share of calls, 0 to {@link Endpoint#MAX_WEIGHT}
 * @param zone where it runs, or null
 * @param version what it runs, or null
 * @param metadata the user's own entries
 */
public record Announcement(
        List<String> services,
        @Nullable String id,
        String host,
        @Nullable Integer port,
        int weight,
        @Nullable String zone,
        @Nullable String version,
        Map<String, String> metadata) {

    /**
     * Returns the announcement of a server with nothing but a name and an address: it listens on the port that it is found at, and has
     * the weight 1.
     */
    public static Announcement of(String service, String host) {
        return new Announcement(List.of(service), null, host, null, 1, null, null, Map.of());
    }

    /** Copies the names. */
    public Announcement {
        services = List.copyOf(services);
    }

    /** Returns one endpoint a service, in their order, which are alike in all else. */
    List<Endpoint> endpoints(int listeningPort, long startedAt) {
        return services.stream()
                .map(service -> endpoint(service, listeningPort, startedAt))
                .toList();
    }

    private Endpoint endpoint(String service, int listeningPort, long startedAt) {
        Endpoint.Builder builder = Endpoint.builder(service, host, port != null ? port : listeningPort)
                .weight(weight)
                .zone(zone)
                .version(version)
                .metadata(metadata)
                .startedAt(startedAt);
        return builder.id(id != null ? id : builder.build().address()).build();
    }
}
