package io.github.grpclb.etcd.client;

import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * What a TLS connection to etcd trusts and shows. The negotiation of HTTP/2 that gRPC needs is added to it. Immutable.
 *
 * @param trust who is trusted; null for whom the JVM trusts
 * @param key the certificate that is shown to etcd, or null for none
 * @param protocols by their names in the JDK, such as {@code TLSv1.3}; empty for the default
 * @param ciphers by their names in the JDK, those that are preferred first; empty for what HTTP/2 recommends
 */
public record EtcdTls(
        @Nullable TrustManagerFactory trust,
        @Nullable KeyManagerFactory key,
        List<String> protocols,
        List<String> ciphers) {

    /** Trusts whom the JVM trusts, and shows no certificate. */
    public static final EtcdTls DEFAULT = new EtcdTls(null, null, List.of(), List.of());

    public EtcdTls {
        protocols = List.copyOf(protocols);
        ciphers = List.copyOf(ciphers);
    }
}
