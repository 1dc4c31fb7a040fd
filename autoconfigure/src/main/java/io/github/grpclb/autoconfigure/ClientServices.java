package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.RelaxedNames;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.ServiceName;
import io.github.grpclb.resolver.EndpointNameResolverProvider;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which service a client calls: the one that is configured for it, or the one of its own name.
 *
 * @param properties what is configured
 */
public record ClientServices(GrpcLbProperties properties) {

    private static final String CLIENTS = "grpc.lb.clients.";

    /**
     * Checks all services that are configured.
     *
     * @throws InvalidPropertyException if one cannot be a service's name
     */
    void requireValid() {
        properties.clients().forEach((client, settings) -> {
            if (settings.service() != null) {
                checked(client, settings.service());
            }
        });
        properties.staticEndpoints().keySet().forEach(client -> {
            if (configured(client).isEmpty() && decoded(client) == null) {
                throw new InvalidPropertyException(
                        "grpc.lb.static",
                        client,
                        "the name of a client that calls the service of this name: " + ServiceName.EXPECTED,
                        "Correct it, or set " + CLIENTS + "[" + client + "].service.");
            }
        });
    }

    /** Returns the service that is configured for a client. */
    Optional<String> configured(String client) {
        return RelaxedNames.find(CLIENTS, properties.clients(), client).flatMap(key -> {
            ClientProperties settings = properties.clients().get(key);
            String service = settings == null ? null : settings.service();
            return Optional.ofNullable(service).map(written -> checked(key, written));
        });
    }

    /** Returns the service that a client calls. */
    String of(String client) {
        return configured(client).orElseGet(() -> {
            String decoded = decoded(client);
            return decoded == null ? client : decoded;
        });
    }

    /**
     * Returns the target of a client that has no address.
     *
     * @param scheme of the registry's targets
     * @param byDefault whether a client calls the service of its own name where nothing else is configured
     * @throws InvalidPropertyException if it has no service that can be called
     */
    public Optional<String> targetOf(String client, String scheme, boolean byDefault) {
        Optional<String> configured = configured(client);
        if (configured.isEmpty() && byDefault) {
            String own = decoded(client);
            if (own == null) {
                throw new InvalidPropertyException(
                        CLIENTS + "[" + client + "].service",
                        null,
                        "the name of a service for the client \"" + client + "\", whose own name cannot be one: "
                                + ServiceName.EXPECTED,
                        "Rename the client, or set the property.");
            }
            configured = Optional.of(own);
        }
        return configured.map(service -> EndpointNameResolverProvider.target(scheme, service));
    }

    private static String checked(String client, String written) {
        String service = decoded(written);
        if (service == null) {
            throw new InvalidPropertyException(
                    CLIENTS + client + ".service",
                    written,
                    "the name of a service: " + ServiceName.EXPECTED,
                    "Correct the property, or the placeholder that it is made from.");
        }
        return service;
    }

    /** Returns the name that is written, by percent-encoding too, as in the path of a target; null where it cannot be one. */
    private static @Nullable String decoded(String written) {
        String name = written;
        if (written.indexOf('%') >= 0) {
            try {
                URI target = new URI(EndpointSource.DEFAULT_SCHEME + ":///" + written);
                boolean isPath = target.getRawQuery() == null && target.getRawFragment() == null;
                name = isPath ? target.getPath().substring(1) : "";
            } catch (URISyntaxException e) {
                return null;
            }
        }
        return ServiceName.isValid(name) ? name : null;
    }
}
