package io.github.grpclb.autoconfigure;

import com.google.common.net.HostAndPort;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.RelaxedNames;
import io.github.grpclb.discovery.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the fixed addresses of the clients that have some. */
final class StaticEndpoints {

    private static final String PREFIX = "grpc.lb.static.";

    private final Map<String, List<String>> addresses;

    /**
     * Checks all addresses.
     *
     * @param addresses {@code host:port} by client name, as Spring bound them
     * @throws InvalidPropertyException if one is not an address, or a client has none
     */
    StaticEndpoints(Map<String, List<String>> addresses) {
        this.addresses = addresses;
        addresses.keySet().forEach(name -> endpoints(name, name));
    }

    /** Returns the endpoints of a client, as servers of the given service; empty where it has no fixed addresses. */
    Optional<List<Endpoint>> of(String client, String service) {
        return RelaxedNames.find(PREFIX, addresses, client).map(name -> endpoints(name, service));
    }

    private List<Endpoint> endpoints(String name, String service) {
        List<String> written = addresses.getOrDefault(name, List.of());
        if (written.isEmpty()) {
            throw invalid(name, "");
        }
        return written.stream()
                .distinct()
                .map(address -> endpoint(name, service, address))
                .toList();
    }

    private static Endpoint endpoint(String name, String service, String address) {
        try {
            HostAndPort parsed = HostAndPort.fromString(address.strip());
            return Endpoint.builder(service, parsed.getHost(), parsed.getPort()).build();
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw invalid(name, address);
        }
    }

    private static InvalidPropertyException invalid(String name, String value) {
        return new InvalidPropertyException(
                PREFIX + name,
                value,
                "addresses such as 127.0.0.1:8009, separated by commas",
                "List the host and port of each server.");
    }
}
