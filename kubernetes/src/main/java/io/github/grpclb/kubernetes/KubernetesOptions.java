package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.snapshot.SnapshotOptions;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the API server is, who asks it, and how Services are followed. Immutable; holds no secret.
 *
 * @param apiServer {@code https://host:port}, or {@code http://…} without a token or on this machine; possibly with a path, as behind a
 *     proxy
 * @param token the file with the bearer token, read for each request; null: none is shown
 * @param ca the file with the CA's certificates as PEM, read for each request; null: those are trusted whom the JVM trusts
 * @param namespace where a Service is whose target names no namespace
 * @param requestTimeout how long the API server may take to begin an answer, and to complete a page of a list; 100 ms to 30 s
 * @param watchTimeout after what time a watch is ended and goes on, give or take a fifth; 1 s to 1 h. A shorter one finds a lost
 *     connection sooner, a longer one costs the API server less
 * @param linger how long a Service is followed after its last subscriber left; not negative
 * @param addresses which hosts an EndpointSlice may lead to
 * @param snapshots where to keep the last lists for a start while the API server is away; null: nowhere
 */
public record KubernetesOptions(
        URI apiServer,
        @Nullable Path token,
        @Nullable Path ca,
        String namespace,
        Duration requestTimeout,
        Duration watchTimeout,
        Duration linger,
        AddressRules addresses,
        @Nullable SnapshotOptions snapshots) {

    /** Where the kubelet puts {@code token}, {@code ca.crt} and {@code namespace} of a pod's service account. */
    public static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    /** How long the API server may take to answer where nothing is configured. */
    public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(10);

    /** After what time a watch goes on where nothing is configured. */
    public static final Duration DEFAULT_WATCH_TIMEOUT = Duration.ofMinutes(5);

    /** How long a Service is followed on where nothing is configured. */
    public static final Duration DEFAULT_LINGER = Duration.ofHours(1);

    private static final Pattern LOOPBACK = Pattern.compile("localhost|127\\.[0-9.]+|\\[::1]");
    private static final String HOST = "KUBERNETES_SERVICE_HOST";
    private static final String PORT = "KUBERNETES_SERVICE_PORT";

    /**
     * Checks and normalises.
     *
     * @throws IllegalValueException if something does not fit
     */
    public KubernetesOptions {
        apiServer = normalised(apiServer);
        if (token != null
                && apiServer.getScheme().equals("http")
                && !LOOPBACK.matcher(apiServer.getHost()).matches()) {
            throw new IllegalValueException(
                    "apiServer", apiServer, "https, as the token would go over the network in plaintext");
        }
        if (ca != null && apiServer.getScheme().equals("http")) {
            throw new IllegalValueException("apiServer", apiServer, "https, as a CA is configured");
        }
        if (!ServiceTarget.isNamespace(namespace)) {
            throw new IllegalValueException("namespace", LogText.of(namespace), "a namespace's name, such as default");
        }
        requireBetween(
                "requestTimeout", requestTimeout, Duration.ofMillis(100), Duration.ofSeconds(30), "100 ms to 30 s");
        requireBetween("watchTimeout", watchTimeout, Duration.ofSeconds(1), Duration.ofHours(1), "1 s to 1 h");
        requireBetween("linger", linger, Duration.ZERO, Duration.ofDays(365), "0 to 365 d");
    }

    /**
     * Returns what holds in a pod: the API server of its cluster, asked as its service account.
     *
     * @throws IllegalValueException if this is no pod, or one without the token of a service account
     */
    public static KubernetesOptions inCluster() {
        return inCluster(System.getenv(), SERVICE_ACCOUNT);
    }

    static KubernetesOptions inCluster(Map<String, String> environment, Path serviceAccount) {
        String host = environment.getOrDefault(HOST, "");
        if (host.isBlank()) {
            throw new IllegalValueException(
                    HOST,
                    environment.get(HOST),
                    "to be set, as in every pod of Kubernetes; elsewhere the API server's address has to be configured");
        }
        String port = environment.getOrDefault(PORT, "443");
        Path token = serviceAccount.resolve("token");
        if (!Files.isReadable(token)) {
            throw new IllegalValueException(
                    "token",
                    token,
                    "a readable file: the pod has automountServiceAccountToken: true, or a volume there");
        }
        return of(inCluster(host, port), namespaceIn(serviceAccount.resolve("namespace")))
                .withToken(token)
                .withCa(serviceAccount.resolve("ca.crt"));
    }

    /**
     * Returns options with all defaults, no token and no CA, as for {@code kubectl proxy}.
     *
     * @throws IllegalValueException if something does not fit
     */
    public static KubernetesOptions of(URI apiServer, String namespace) {
        return new KubernetesOptions(
                apiServer,
                null,
                null,
                namespace,
                DEFAULT_REQUEST_TIMEOUT,
                DEFAULT_WATCH_TIMEOUT,
                DEFAULT_LINGER,
                AddressRules.DEFAULT,
                null);
    }

    /** Returns these with another API server. */
    public KubernetesOptions withApiServer(URI apiServer) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with another file for the token, or none. */
    public KubernetesOptions withToken(@Nullable Path token) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with another file for the CA's certificates, or none. */
    public KubernetesOptions withCa(@Nullable Path ca) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with another namespace. */
    public KubernetesOptions withNamespace(String namespace) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with another time for answers. */
    public KubernetesOptions withRequestTimeout(Duration requestTimeout) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with another time for watches. */
    public KubernetesOptions withWatchTimeout(Duration watchTimeout) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with another time for which a Service is followed on. */
    public KubernetesOptions withLinger(Duration linger) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with other hosts that are allowed. */
    public KubernetesOptions withAddresses(AddressRules addresses) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    /** Returns these with snapshots, or without. */
    public KubernetesOptions withSnapshots(@Nullable SnapshotOptions snapshots) {
        return new KubernetesOptions(
                apiServer, token, ca, namespace, requestTimeout, watchTimeout, linger, addresses, snapshots);
    }

    private static URI normalised(URI uri) {
        String scheme = uri.getScheme();
        boolean plain = uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null;
        if (!plain || uri.getHost() == null || !"https".equals(scheme) && !"http".equals(scheme)) {
            throw new IllegalValueException(
                    "apiServer",
                    uri.getRawUserInfo() == null ? LogText.of(uri.toString()) : "***@" + uri.getHost(),
                    "https://host:port, without user, query or fragment");
        }
        String text = uri.toString();
        return text.endsWith("/") ? URI.create(text.substring(0, text.length() - 1)) : uri;
    }

    private static URI inCluster(String host, String port) {
        try {
            return new URI("https://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port);
        } catch (URISyntaxException e) {
            throw new IllegalValueException(HOST, LogText.of(host + ":" + port), "a host, with a port in " + PORT, e);
        }
    }

    private static String namespaceIn(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new IllegalValueException("namespace", file, "a file with the pod's namespace, not: " + e, e);
        }
    }

    private static void requireBetween(String name, Duration value, Duration least, Duration most, String expected) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalValueException(name, value, expected);
        }
    }
}
