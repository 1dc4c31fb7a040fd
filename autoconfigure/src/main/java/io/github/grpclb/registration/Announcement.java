package io.github.grpclb.registration;

import io.github.grpclb.discovery.Endpoint;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of itself, before its port is known.
 *
 * @param service the service's name
 * @param id the server's id; null: its address is its id
 * @param host advertised host, an IP literal without brackets or a name
 * @param port advertised port; null: the port that the server listens on
 * @param weight share of calls, 0 to {@link Endpoint#MAX_WEIGHT}
 * @param zone where it runs, or null
 * @param version what it runs, or null
 * @param metadata the user's own entries
 */
public record Announcement(
        String service,
        @Nullable String id,
        String host,
        @Nullable Integer port,
        int weight,
        @Nullable String zone,
        @Nullable String version,
        Map<String, String> metadata) {

    Endpoint endpoint(int listeningPort, long startedAt) {
        Endpoint.Builder builder = Endpoint.builder(service, host, port != null ? port : listeningPort)
                .weight(weight)
                .zone(zone)
                .version(version)
                .metadata(metadata)
                .startedAt(startedAt);
        return builder.id(id != null ? id : builder.build().address()).build();
    }
}
