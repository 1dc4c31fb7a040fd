package io.github.grpclb.etcd.client;

import com.google.common.net.HostAndPort;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.etcd.record.KeySpace;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where etcd is and how it is to be called. Immutable; {@code toString} shows no secret.
 *
 * @param endpoints one or more of {@code http://host:port}, or all {@code https://host:port}; the port is 2379 where
 *     none is given
 * @param prefix under which all services are, as it is written, with or without a "/" before it; the "/" at its end is added
 *     where it is missing; empty: keys begin with the service's name
 * @param username null where etcd wants none
 * @param password null where there is no user
 * @param tls gives what TLS trusts and shows; needed for, and only for, {@code https}
 * @param callTimeout how long etcd may take to answer a call, from 100 ms to 60 s
 */
public record EtcdOptions(
        List<String> endpoints,
        String prefix,
        @Nullable String username,
        @Nullable String password,
        @Nullable TlsSource tls,
        Duration callTimeout) {

    /** The prefix of all keys where none is configured. */
    public static final String DEFAULT_PREFIX = "/grpclb/";

    /** How long etcd may take to answer where nothing is configured. */
    public static final Duration DEFAULT_CALL_TIMEOUT = Duration.ofSeconds(3);

    private static final Pattern LOOPBACK = Pattern.compile("(localhost|127\\.[0-9.]+|\\[::1]):.*");
    private static final int DEFAULT_PORT = 2379;
    private static final String EXPECTED_ENDPOINT = "http://host:port or https://host:port";

    /**
     * Gives what TLS trusts and shows now. Asked when the client is built: at its first use, at {@link EtcdConnection#reconnect()}, so
     * that certificates that were exchanged on disk are used, and when it is replaced as etcd does not answer. When a connection is
     * lost and made again, what was given before is used on.
     */
    @FunctionalInterface
    public interface TlsSource {

        /** Returns what holds now. What it throws is taken for a refusal by etcd: the client is built again later. */
        EtcdTls get() throws Exception;
    }

    /**
     * Checks and normalises.
     *
     * @throws IllegalValueException if something does not fit
     */
    public EtcdOptions {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new IllegalValueException("endpoints", endpoints, EXPECTED_ENDPOINT);
        }
        endpoints = endpoints.stream().map(EtcdOptions::normalised).distinct().toList();
        long secure = endpoints.stream().filter(EtcdOptions::isSecure).count();
        if (secure != 0 && secure != endpoints.size()) {
            throw new IllegalValueException("endpoints", endpoints, "all http or all https");
        }
        if (secure != 0 && tls == null) {
            throw new IllegalValueException("endpoints", endpoints, "TLS to be configured for https, or http");
        }
        if (secure == 0 && tls != null) {
            throw new IllegalValueException("endpoints", endpoints, "https, as TLS is configured");
        }
        if ((username == null) != (password == null)) {
            throw new IllegalValueException(
                    username == null ? "username" : "password", null, "both username and password, or neither");
        }
        if (username != null && password != null && (username.isEmpty() || password.isEmpty())) {
            throw new IllegalValueException(username.isEmpty() ? "username" : "password", "", "some text, or not set");
        }
        prefix = normalisedPrefix(prefix);
        if (callTimeout.toMillis() < 100 || callTimeout.toMillis() > 60_000) {
            throw new IllegalValueException("callTimeout", callTimeout, "100 ms to 60 s");
        }
    }

    /** Returns options with all defaults: no user, no TLS, prefix {@code /grpclb/}. */
    public static EtcdOptions of(String... endpoints) {
        return new EtcdOptions(List.of(endpoints), DEFAULT_PREFIX, null, null, null, DEFAULT_CALL_TIMEOUT);
    }

    /** Returns the host of each endpoint, a name or an IP literal without brackets. */
    public List<String> hosts() {
        return addresses().stream()
                .map(address -> HostAndPort.fromString(address).getHost())
                .toList();
    }

    /** Returns {@code host:port} of each endpoint, IPv6 literals in brackets. */
    List<String> addresses() {
        return endpoints.stream()
                .map(endpoint -> endpoint.substring(endpoint.indexOf("//") + 2))
                .toList();
    }

    /** Returns whether user and password go over a network that others may listen to. */
    boolean showsCredentials() {
        return username != null
                && tls == null
                && !addresses().stream()
                        .allMatch(address -> LOOPBACK.matcher(address).matches());
    }

    public KeySpace keySpace() {
        return new KeySpace(prefix);
    }

    @Override
    public String toString() {
        return "EtcdOptions[endpoints=" + endpoints + ", prefix=" + prefix + ", username=" + username
                + ", password=" + (password == null ? "none" : "***") + ", tls=" + (tls != null)
                + ", callTimeout=" + callTimeout + "]";
    }

    private static boolean isSecure(String endpoint) {
        return endpoint.startsWith("https:");
    }

    private static String normalised(String endpoint) {
        if (endpoint.indexOf('@') >= 0) {
            String host = endpoint.substring(endpoint.lastIndexOf('@') + 1);
            throw new IllegalValueException(
                    "endpoints",
                    "***@" + LogText.of(host),
                    EXPECTED_ENDPOINT + ", and user and password by their own options");
        }
        try {
            URI uri = new URI(endpoint.strip());
            String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
            String path = uri.getRawPath();
            boolean bare = (path == null || path.isEmpty() || path.equals("/"))
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
            if (bare && uri.getRawAuthority() != null && (scheme.equals("http") || scheme.equals("https"))) {
                HostAndPort address =
                        HostAndPort.fromString(uri.getRawAuthority()).withDefaultPort(DEFAULT_PORT);
                if (!address.getHost().isEmpty() && address.getPort() != 0) {
                    return scheme + "://" + address;
                }
            }
        } catch (URISyntaxException | IllegalArgumentException e) {
            // said below
        }
        throw new IllegalValueException("endpoints", LogText.of(endpoint), EXPECTED_ENDPOINT);
    }

    /** Only the slash at its end is added: whether a key begins with one is the choice of who writes it. */
    private static String normalisedPrefix(String prefix) {
        String written = prefix.strip();
        if (!KeySpace.isPrefix(written)) {
            throw new IllegalValueException(
                    "prefix",
                    LogText.of(prefix),
                    "up to 255 visible characters, such as " + DEFAULT_PREFIX + ", or none");
        }
        return written.isEmpty() || written.endsWith("/") ? written : written + "/";
    }
}
