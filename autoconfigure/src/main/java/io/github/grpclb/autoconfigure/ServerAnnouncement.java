package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.ServiceName;
import io.github.grpclb.server.Announcement;
import io.github.grpclb.server.HostChoice;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.server.ServerTraffic;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the announcement of this application's server out of its properties. */
public final class ServerAnnouncement {

    private static final Logger log = LoggerFactory.getLogger(ServerAnnouncement.class);
    private static final String PREFIX = "grpc.lb.registration.";

    private final GrpcLbProperties.Registration properties;
    private final @Nullable String applicationName;
    private final HostSettings hosts;
    private final PodSettings pod;

    /**
     * Checks what can be checked before a server has started.
     *
     * @throws InvalidPropertyException if a value is out of its range
     */
    ServerAnnouncement(
            GrpcLbProperties.Registration properties,
            @Nullable String applicationName,
            HostSettings hosts,
            PodSettings pod) {
        this.properties = properties;
        this.applicationName = applicationName;
        this.hosts = hosts;
        this.pod = pod;
        if (properties.weight() < 0 || properties.weight() > Endpoint.MAX_WEIGHT) {
            throw new InvalidPropertyException(
                    PREFIX + "weight",
                    properties.weight(),
                    "0 to " + Endpoint.MAX_WEIGHT,
                    "Set a weight that is this server's share relative to the others; 0 takes no new calls.");
        }
        Integer port = properties.port();
        if (port != null && (port < 1 || port > 65535)) {
            throw new InvalidPropertyException(
                    PREFIX + "port",
                    port,
                    "1 to 65535",
                    "Set the port under which others reach this server, or leave it out to announce the one it listens on.");
        }
        requireValidList(properties.services(), properties.service());
    }

    /**
     * Announces a server that has started.
     *
     * @param bindAddress what it is bound to, perhaps a wildcard
     * @param port where it listens
     * @param traffic what arrives at it
     * @throws InvalidPropertyException if the service has no name, nothing suits as address, or a record cannot hold what is set
     */
    public void announce(ServerLifecycle lifecycle, @Nullable String bindAddress, int port, ServerTraffic traffic) {
        try {
            lifecycle.started(forServerBoundTo(bindAddress), port, traffic);
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, property(e.name()));
        }
    }

    /**
     * Returns the announcement.
     *
     * @param bindAddress what the server is bound to, perhaps a wildcard
     * @throws InvalidPropertyException if the service has no name, nothing suits as address, or what the pod is said to be is nothing of
     *     the kind
     */
    Announcement forServerBoundTo(@Nullable String bindAddress) {
        List<String> services = services();
        HostChoice.Found host = hosts.forServerBoundTo(bindAddress);
        log.info("Advertised host of {}: {} ({})", String.join(", ", services), host.host(), host.reason());
        return new Announcement(
                services,
                orOfPod("Id", services, properties.id(), pod::name),
                host.host(),
                properties.port(),
                properties.weight(),
                orOfPod("Zone", services, properties.zone(), pod::zone),
                properties.version(),
                properties.metadata());
    }

    private static @Nullable String orOfPod(
            String what, List<String> services, @Nullable String property, Supplier<Optional<PodSettings.Said>> ofPod) {
        if (property != null) {
            return property;
        }
        Optional<PodSettings.Said> said = ofPod.get();
        said.ifPresent(it -> log.info("{} of {}: {} ({})", what, String.join(", ", services), it.value(), it.source()));
        return said.map(PodSettings.Said::value).orElse(null);
    }

    /** Returns the property behind a part of the record that no client could read. */
    static String property(String part) {
        return PREFIX
                + switch (part) {
                    case "service", "id", "zone", "version", "weight", "port" -> part;
                    case "address", "host" -> "host";
                    default -> "metadata";
                };
    }

    private List<String> services() {
        if (!properties.services().isEmpty()) {
            return properties.services();
        }
        String own = properties.service();
        String service = own != null ? own : applicationName;
        if (service == null || service.isBlank()) {
            throw new InvalidPropertyException(
                    PREFIX + "service",
                    properties.service(),
                    "the name under which clients find this server",
                    "Set it, or set spring.application.name, or switch the registration off with " + PREFIX
                            + "enabled=false.");
        }
        requireValid(own != null ? PREFIX + "service" : "spring.application.name", service);
        return List.of(service);
    }

    private static void requireValidList(List<String> services, @Nullable String service) {
        if (service != null && !services.isEmpty()) {
            throw new InvalidPropertyException(
                    PREFIX + "services",
                    services,
                    "either this or " + PREFIX + "service, which is '" + service + "'",
                    "Leave one of them out; all names may stand in " + PREFIX + "services.");
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < services.size(); i++) {
            String property = PREFIX + "services[" + i + "]";
            requireValid(property, services.get(i));
            if (!seen.add(services.get(i))) {
                throw new InvalidPropertyException(
                        property, services.get(i), "each name once", "Leave it out where it stands again.");
            }
        }
    }

    private static void requireValid(String property, String service) {
        if (!ServiceName.isValid(service)) {
            throw new InvalidPropertyException(
                    property,
                    service,
                    "a name under which clients can find this server: " + ServiceName.EXPECTED,
                    "Correct it, or set " + PREFIX + "service to such a name.");
        }
    }
}
