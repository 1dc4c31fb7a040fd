package io.github.grpclb.autoconfigure.properties;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The control plane for xDS clients in this process, below {@code grpc.lb.xds}; {@link XdsServiceProperties} holds what clients are told
 * of services.
 *
 * @param enabled Whether this process is a control plane for xDS clients; needs grpc-lb-xds.
 * @param address Address that it listens on; others than loopback let everybody in who can reach it, unless a token or certificates are
 *     wanted.
 * @param port Port that it listens on; 0 takes a free one.
 * @param ssl TLS to clients.
 * @param token Token that clients have to send as the header authorization, with Bearer before it; none when unset.
 * @param allowedNodes Ids of the clients' nodes that are served, or beginnings of ids with * behind; empty serves all.
 * @param maxStreams Largest number of streams that are open at a time (1 or more).
 * @param maxResourcesPerStream Largest number of resources that one client may ask for (1 or more).
 * @param loadReportInterval How often clients report the calls that they made (LRS); never when unset (1s to 1h).
 * @param services What clients are told of single services, by the service's name: any property that is set for all.
 */
@ConfigurationProperties("grpc.lb.xds")
public record XdsProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue("127.0.0.1") String address,
        @DefaultValue("18000") int port,
        @DefaultValue Ssl ssl,
        @Nullable String token,
        @DefaultValue List<String> allowedNodes,
        @DefaultValue("10000") int maxStreams,
        @DefaultValue("1000") int maxResourcesPerStream,
        @Nullable Duration loadReportInterval,
        @DefaultValue Map<String, XdsServiceProperties> services) {

    /** Blank members of lists are none; a token in a file may end with a new line. */
    public XdsProperties {
        token = token == null ? null : BlankIsAbsent.textOrNull(token.strip());
        allowedNodes = BlankIsAbsent.texts(allowedNodes);
    }

    /** Leaves the token out: properties end up in logs. */
    @Override
    public String toString() {
        return "XdsProperties[enabled=" + enabled + ", address=" + address + ", port=" + port + ", ssl=" + ssl
                + ", token=" + (token == null ? "null" : "******") + ", allowedNodes=" + allowedNodes + ", maxStreams="
                + maxStreams + ", maxResourcesPerStream=" + maxResourcesPerStream + ", loadReportInterval="
                + loadReportInterval + ", services=" + services + "]";
    }

    /**
     * TLS to clients.
     *
     * @param bundle Name of the SSL bundle (spring.ssl.bundle) with the control plane's key and the certificates that it trusts; plaintext
     *     when unset.
     * @param clientAuth Whether clients have to show a certificate that the bundle trusts: need, want or none.
     */
    public record Ssl(
            @Nullable String bundle, @DefaultValue("need") ClientAuth clientAuth) {}

    /** Whether clients have to show a certificate. */
    public enum ClientAuth {
        /** None is asked for. */
        NONE,
        /** One is looked at if there is one. */
        WANT,
        /** Who has none is refused. */
        NEED
    }
}
