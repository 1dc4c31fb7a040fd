package io.github.grpclb.autoconfigure;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.bind.Name;

/**
 * What a user may set under {@code grpc.lb}, but for what {@link ClientProperties} says of the clients.
 *
 * @param enabled Whether grpc-lb takes part at all.
 * @param etcd The etcd that holds the registry.
 * @param registration How this process announces its gRPC server.
 * @param clients Settings of single clients, by the name in their annotation.
 * @param staleMax Longest time that endpoints are kept which vanished from etcd together without having drained (0 to 365d); time
 *     while etcd is unreachable does not count, and 0 keeps none.
 * @param snapshot Last good lists on disk, with which a client starts while etcd is away.
 * @param metrics What Micrometer is told.
 * @param staticEndpoints Fixed addresses (host:port) by client name, instead of etcd.
 */
@ConfigurationProperties("grpc.lb")
public record GrpcLbProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue Etcd etcd,
        @DefaultValue Registration registration,
        @DefaultValue Map<String, ClientProperties> clients,
        @DefaultValue("5m") Duration staleMax,
        @DefaultValue Snapshot snapshot,
        @DefaultValue Metrics metrics,
        @DefaultValue @Name("static") Map<String, List<String>> staticEndpoints) {

    /** Blank members of lists are none. */
    public GrpcLbProperties {
        staticEndpoints = new LinkedHashMap<>(staticEndpoints);
        staticEndpoints.replaceAll((client, addresses) -> BlankIsAbsent.texts(addresses));
    }

    /**
     * The etcd that holds the registry.
     *
     * @param endpoints Etcd's client URLs, with http or https; with https an SSL bundle is needed.
     * @param prefix Prefix of all keys, as it is written; empty: keys begin with the service's name. A slash at its end is
     *     added.
     * @param username User that etcd knows, where its authentication is on.
     * @param password That user's password.
     * @param ssl TLS towards etcd.
     * @param failFast Whether the application fails to start when etcd cannot be reached, instead of joining when it comes.
     * @param startupTimeout Longest wait for etcd at start, with fail-fast (more than 0, to 1h).
     * @param allowedCidrs Networks, such as 10.0.0.0/8, outside of which no server is called; empty allows all.
     * @param allowedHostSuffixes Domains outside of which no host name of a server is looked up; empty allows all. With
     *     domains and no networks, servers under IP addresses are not called.
     * @param allowLoopback Whether servers on this machine's loopback addresses are called.
     * @param maxEndpoints Number of servers of one service that are used at most; of more, those registered first.
     * @param embedded An etcd inside this process, for development and tests.
     */
    public record Etcd(
            @DefaultValue("http://127.0.0.1:2379") List<String> endpoints,
            @DefaultValue("/grpclb/") String prefix,
            @Nullable String username,
            @Nullable String password,
            @DefaultValue Ssl ssl,
            @DefaultValue("false") boolean failFast,
            @DefaultValue("5s") Duration startupTimeout,
            @DefaultValue List<String> allowedCidrs,
            @DefaultValue List<String> allowedHostSuffixes,
            @DefaultValue("true") boolean allowLoopback,
            @DefaultValue("10000") int maxEndpoints,
            @DefaultValue Embedded embedded) {

        /** Blank members of lists are none. */
        public Etcd {
            endpoints = BlankIsAbsent.texts(endpoints);
            allowedCidrs = BlankIsAbsent.texts(allowedCidrs);
            allowedHostSuffixes = BlankIsAbsent.texts(allowedHostSuffixes);
        }

        /** Leaves the password out, also where it stands in a URL by mistake: properties end up in logs. */
        @Override
        public String toString() {
            List<String> urls = endpoints.stream()
                    .map(url -> url.substring(url.lastIndexOf('@') + 1))
                    .toList();
            return "Etcd[endpoints=" + urls + ", prefix=" + prefix + ", username=" + username + ", password="
                    + (password == null ? "null" : "******") + ", ssl=" + ssl + ", failFast=" + failFast
                    + ", startupTimeout=" + startupTimeout + ", allowedCidrs=" + allowedCidrs
                    + ", allowedHostSuffixes=" + allowedHostSuffixes + ", allowLoopback=" + allowLoopback
                    + ", maxEndpoints=" + maxEndpoints + ", embedded=" + embedded + "]";
        }
    }

    /**
     * TLS towards etcd.
     *
     * @param bundle Name of the SSL bundle (spring.ssl.bundle) with the trusted certificates and, for mutual TLS, the client's key.
     */
    public record Ssl(@Nullable String bundle) {}

    /**
     * An etcd inside this process, for development and tests.
     *
     * @param enabled Whether to start it, on loopback, and use it instead of the configured endpoints.
     * @param port Port it listens on; 0 takes a free one.
     */
    public record Embedded(
            @DefaultValue("false") boolean enabled,
            @DefaultValue("0") int port) {}

    /**
     * How this process announces its gRPC server.
     *
     * @param enabled Whether the gRPC server of this application is announced.
     * @param when When the server is announced: once it listens (started), or only while the application accepts traffic by its
     *     readiness state (ready).
     * @param server Which of several gRPC servers is announced: the name of its GrpcServerLifecycle bean, or its port; defaults to
     *     the one that grpc.server.* configures.
     * @param service Name of the service; defaults to spring.application.name.
     * @param services Names of the services, where the server is found under several.
     * @param id Id of this server, unique within the service; defaults to the advertised address.
     * @param host Advertised host; defaults to the server's bind address or, when that is a wildcard, to POD_IP, to an address in
     *     preferred-networks, to the local address of the route to etcd, or to the best of this machine's addresses.
     * @param preferredNetworks Networks, such as 10.0.0.0/8, of which the advertised host is chosen; the first counts that this
     *     machine has an address of.
     * @param port Advertised port; defaults to the port that the server listens on.
     * @param weight Share of calls relative to the other servers (0 to 1000000); 0 takes no new calls.
     * @param zone Zone that this server runs in.
     * @param version Version that this server runs.
     * @param metadata Further entries of the record.
     * @param ttl Time after which etcd forgets a server that died (2s to 1h).
     * @param withdrawTimeout Longest wait for each answer of etcd at shutdown (more than 0, to 1h).
     * @param drain How the server leaves.
     */
    public record Registration(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("started") When when,
            @Nullable String server,
            @Nullable String service,
            @DefaultValue List<String> services,
            @Nullable String id,
            @Nullable String host,
            @DefaultValue List<String> preferredNetworks,
            @Nullable Integer port,
            @DefaultValue("1") int weight,
            @Nullable String zone,
            @Nullable String version,
            @DefaultValue Map<String, String> metadata,
            @DefaultValue("10s") Duration ttl,
            @DefaultValue("3s") Duration withdrawTimeout,
            @DefaultValue Drain drain) {

        /** A blank text, such as what {@code ${MORE:}} may leave in a list, means an absent one. */
        public Registration {
            services = BlankIsAbsent.texts(services);
            preferredNetworks = BlankIsAbsent.texts(preferredNetworks);
        }
    }

    /** When a server is announced. */
    public enum When {
        /** As soon as its port listens. */
        STARTED,
        /** While the application's readiness state is ACCEPTING_TRAFFIC. */
        READY
    }

    /**
     * How a server leaves.
     *
     * @param quietPeriod Time without a new call after which a draining server stops (0 to 1h); 0 stops without waiting.
     * @param timeout Longest wait for that quiet (0 to 1h).
     * @param streamGrace Time that open streams then have to end by themselves before they are closed with UNAVAILABLE (0 to 1h).
     */
    public record Drain(
            @DefaultValue("500ms") Duration quietPeriod,
            @DefaultValue("10s") Duration timeout,
            @DefaultValue("10s") Duration streamGrace) {}

    /**
     * Last good lists on disk, with which a client starts while etcd is away.
     *
     * @param directory Directory that holds them, made when missing; none are kept while it is not set.
     * @param maxAge Time after which a list that etcd no longer confirmed is not used (1m to 30d).
     */
    public record Snapshot(
            @Nullable String directory, @DefaultValue("24h") Duration maxAge) {}

    /**
     * What Micrometer is told.
     *
     * @param enabled Whether calls, endpoints and etcd are measured, where there is a meter registry.
     * @param perEndpoint Whether single endpoints have meters of their own (200 at most).
     */
    public record Metrics(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("false") boolean perEndpoint) {}
}
