package io.github.grpclb.autoconfigure.properties;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.bind.Name;

/**
 * The properties below {@code grpc.lb}; {@link ClientProperties} holds those of the clients. Their descriptions are the source of
 * {@code docs/configuration.md}, ranges in brackets.
 *
 * @param enabled Whether grpc-lb is active; false leaves channels and servers as they are without it.
 * @param registry Where servers are found, and announced: unless the application has an EndpointSource of its own.
 * @param etcd The etcd that holds the registry.
 * @param kubernetes Kubernetes' API server, where Kubernetes is the registry.
 * @param registration How this process announces its gRPC server.
 * @param clients Settings of single clients, by the name in their annotation: the service that a client calls, and any property
 *     that is set for all clients.
 * @param staleMax Longest time for which clients keep servers whose keys vanished from etcd together without a drain; time while
 *     etcd is unreachable does not count, and 0 keeps none (0 to 365d).
 * @param snapshot The last good lists on disk, from which a client starts while etcd is down.
 * @param metrics Micrometer meters.
 * @param operations What may be changed through the actuator's endpoint grpclb.
 * @param consumers Which services this process calls, for all to see.
 * @param logging What is added to the application's own log.
 * @param podLabelsFile File of the pod's labels, as Kubernetes' downward API writes it: topology.kubernetes.io/zone in it is the zone of
 *     this process where neither a property nor the environment variable TOPOLOGY_ZONE says it.
 * @param staticEndpoints Fixed addresses, host:port, by client name, instead of etcd.
 */
@ConfigurationProperties("grpc.lb")
public record GrpcLbProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("etcd") Registry registry,
        @DefaultValue Etcd etcd,
        @DefaultValue Kubernetes kubernetes,
        @DefaultValue Registration registration,
        @DefaultValue Map<String, ClientProperties> clients,
        @DefaultValue("5m") Duration staleMax,
        @DefaultValue Snapshot snapshot,
        @DefaultValue Metrics metrics,
        @DefaultValue Operations operations,
        @DefaultValue Consumers consumers,
        @DefaultValue Logging logging,
        @DefaultValue("/etc/podinfo/labels") String podLabelsFile,
        @DefaultValue @Name("static") Map<String, List<String>> staticEndpoints) {

    /** Blank members of lists are none. */
    public GrpcLbProperties {
        staticEndpoints = new LinkedHashMap<>(staticEndpoints);
        staticEndpoints.replaceAll((client, addresses) -> BlankIsAbsent.texts(addresses));
    }

    /** Where servers are found, and announced. */
    public enum Registry {
        /** In etcd. */
        ETCD,
        /** In Kubernetes' EndpointSlices, where the kubelet announces them; needs grpc-lb-kubernetes. */
        KUBERNETES
    }

    /**
     * The etcd that holds the registry.
     *
     * @param endpoints Client URLs of all members of the etcd cluster, with http or https; https needs an SSL bundle.
     * @param prefix Prefix of all keys, taken as written, such as /microservices for Kratos. A slash at its end is added. Empty: keys
     *     begin with the service's name, as those of go-zero and of Go's naming package do.
     * @param consumersPrefix Prefix of the keys of consumers; nothing is written there without consumers.enabled. Apart from prefix and
     *     overrides-prefix: none of them begins with another.
     * @param username User in etcd, where its authentication is on.
     * @param password Password of that user in etcd.
     * @param ssl TLS to etcd.
     * @param failFast Whether the application fails to start when etcd cannot be reached, instead of joining as soon as etcd is up.
     * @param startupTimeout Longest wait for etcd at start, with fail-fast (more than 0, up to 1h).
     * @param allowedCidrs Networks, such as 10.0.0.0/8, outside of which no server is called; empty allows all. The addresses of a
     *     host name are checked after its lookup.
     * @param allowedHostSuffixes Domains outside of which no host name of a server is looked up; empty allows all. With
     *     domains and no networks, servers under IP addresses are not called.
     * @param allowLoopback Whether servers on this machine's loopback addresses are called.
     * @param maxEndpoints Largest number of servers of one service that are used; of more, those registered first.
     * @param overridesEnabled Whether what operators override below overrides-prefix is followed, and can be put; false leaves servers
     *     and policies as they are registered and configured.
     * @param overridesPrefix Prefix of all overrides, apart from that of the servers: neither begins with the other. A slash at its end
     *     is added.
     * @param embedded An etcd inside this process, for development and tests.
     */
    public record Etcd(
            @DefaultValue("http://127.0.0.1:2379") List<String> endpoints,
            @DefaultValue("/grpclb/") String prefix,
            @DefaultValue("/grpclb-consumers/") String consumersPrefix,
            @Nullable String username,
            @Nullable String password,
            @DefaultValue Ssl ssl,
            @DefaultValue("false") boolean failFast,
            @DefaultValue("5s") Duration startupTimeout,
            @DefaultValue List<String> allowedCidrs,
            @DefaultValue List<String> allowedHostSuffixes,
            @DefaultValue("true") boolean allowLoopback,
            @DefaultValue("10000") int maxEndpoints,
            @DefaultValue("true") boolean overridesEnabled,
            @DefaultValue("/grpclb-overrides/") String overridesPrefix,
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
            return "Etcd[endpoints=" + urls + ", prefix=" + prefix + ", consumersPrefix=" + consumersPrefix
                    + ", username=" + username + ", password="
                    + (password == null ? "null" : "******") + ", ssl=" + ssl + ", failFast=" + failFast
                    + ", startupTimeout=" + startupTimeout + ", allowedCidrs=" + allowedCidrs
                    + ", allowedHostSuffixes=" + allowedHostSuffixes + ", allowLoopback=" + allowLoopback
                    + ", maxEndpoints=" + maxEndpoints + ", overridesEnabled=" + overridesEnabled
                    + ", overridesPrefix=" + overridesPrefix + ", embedded=" + embedded + "]";
        }
    }

    /**
     * TLS to etcd.
     *
     * @param bundle Name of the SSL bundle (spring.ssl.bundle) with the trusted certificates and, for mutual TLS, the client's key.
     */
    public record Ssl(@Nullable String bundle) {}

    /**
     * An etcd inside this process, for development and tests.
     *
     * @param enabled Whether to start an etcd inside this process, on loopback, and use it instead of the configured endpoints; for
     *     development and tests only.
     * @param port Port that the embedded etcd listens on; 0 takes a free one.
     */
    public record Embedded(
            @DefaultValue("false") boolean enabled,
            @DefaultValue("0") int port) {}

    /**
     * Kubernetes' API server, where Kubernetes is the registry.
     *
     * @param apiServer URL of the API server, such as http://127.0.0.1:8001 of kubectl proxy; defaults to that of the cluster whose pod
     *     this is.
     * @param namespace Namespace of services that name none; defaults to the pod's own, or to default where api-server is set.
     * @param tokenFile File with the bearer token; defaults to that of the pod's service account, or to none where api-server is set.
     * @param caFile File with the certificates of the API server's CA; defaults to that of the pod's service account, or to those that
     *     Java trusts where api-server is set.
     */
    public record Kubernetes(
            @Nullable String apiServer,
            @Nullable String namespace,
            @Nullable String tokenFile,
            @Nullable String caFile) {}

    /**
     * How this process announces its gRPC server.
     *
     * @param enabled Whether the gRPC server of this application is announced.
     * @param when When the server is announced: once it listens, or only while the application's readiness state is
     *     ACCEPTING_TRAFFIC.
     * @param server Which of several gRPC servers is announced: the name of its GrpcServerLifecycle bean, or its port; defaults to
     *     the one that grpc.server.* configures.
     * @param service Name of the service; defaults to spring.application.name.
     * @param services Names of the services, instead of service, where one server is found under several.
     * @param id Id of this server, unique within the service; defaults to the environment variable POD_NAME or, without that, to the
     *     advertised address.
     * @param host Advertised host; defaults to the server's bind address or, when that is a wildcard, to POD_IP, to an address in
     *     preferred-networks, to the local address of the route to etcd, or to the best of this machine's addresses.
     * @param preferredNetworks Networks, such as 10.0.0.0/8, from which the advertised host is chosen; the first in which this machine
     *     has an address decides.
     * @param port Advertised port; defaults to the port that the server listens on.
     * @param weight Share of calls relative to the other servers; 0 takes no new calls (0 to 1000000).
     * @param zone Zone that this server runs in; defaults to the environment variable TOPOLOGY_ZONE or, without that, to the label
     *     topology.kubernetes.io/zone in the file of the pod's labels.
     * @param version Version that this server runs.
     * @param metadata Further entries of the server's record, by name.
     * @param ttl Time after which etcd forgets a server that died (2s to 1h).
     * @param withdrawTimeout Longest wait for each answer of etcd at shutdown (more than 0, up to 1h).
     * @param terminationGrace Time that this process has from SIGTERM to SIGKILL, to warn at the start where its stop may take longer;
     *     defaults to the environment variable TERMINATION_GRACE_PERIOD_SECONDS and, without that, nothing is warned of.
     * @param drain How the server drains.
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
            @Nullable Duration terminationGrace,
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
     * How a server drains.
     *
     * @param quietPeriod Time without a new call after which a draining server stops; 0 stops without waiting. There is no wait where no
     *     other server of the service is registered (0 to 1h).
     * @param timeout Longest wait for that quiet period (0 to 1h).
     * @param streamGrace Time after the drain in which open streams may end by themselves before they are closed with UNAVAILABLE
     *     (0 to 1h).
     */
    public record Drain(
            @DefaultValue("500ms") Duration quietPeriod,
            @DefaultValue("10s") Duration timeout,
            @DefaultValue("10s") Duration streamGrace) {}

    /**
     * The last good lists on disk, from which a client starts while etcd is down.
     *
     * @param directory Directory of the snapshots, created when missing; without it none are kept.
     * @param maxAge Age beyond which a list that etcd no longer confirmed is not used (1m to 30d).
     */
    public record Snapshot(
            @Nullable String directory, @DefaultValue("24h") Duration maxAge) {}

    /**
     * Micrometer meters.
     *
     * @param enabled Whether calls, endpoints and etcd are measured, where there is a MeterRegistry.
     * @param perEndpoint Whether single endpoints have meters of their own; 200 at most.
     */
    public record Metrics(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("false") boolean perEndpoint) {}

    /**
     * What may be changed through the actuator's endpoint grpclb.
     *
     * @param enabled Whether the actuator's endpoint grpclb takes POST and DELETE, which change something: overrides of any service,
     *     and the drain of this process's server.
     * @param preStop Whether GET grpclb/pre-stop drains this process's server and answers when it may be stopped, for the preStop
     *     hook of Kubernetes, which can send no POST; needs operations.enabled.
     */
    public record Operations(
            @DefaultValue("false") boolean enabled,
            @DefaultValue("false") boolean preStop) {}

    /**
     * Which services this process calls, for all to see.
     *
     * @param enabled Whether this process writes down in etcd which services it calls, and its actuator's endpoint grpclb tells who calls
     *     which.
     */
    public record Consumers(@DefaultValue("false") boolean enabled) {}

    /**
     * What is added to the application's own log.
     *
     * @param mdc Whether the server of a call is on the log's MDC in the call's callbacks: its address, id and zone, the policy and the
     *     attempt.
     */
    public record Logging(@DefaultValue("false") boolean mdc) {}
}
