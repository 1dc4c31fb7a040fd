package io.github.grpclb.autoconfigure.xds;

import io.github.grpclb.autoconfigure.RequiredBundle;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.XdsProperties.ClientAuth;
import io.github.grpclb.autoconfigure.properties.XdsProperties.Ssl;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * The control plane's credentials, out of an SSL bundle. When the bundle is loaded anew, connections that are made from then on use what
 * is in it; those that stand go on.
 */
final class XdsCredentials {

    private static final Logger log = LoggerFactory.getLogger(XdsCredentials.class);

    private static final String BUNDLE = XdsSettings.PREFIX + "ssl.bundle";
    private static final List<String> KEY_TYPES = List.of("EC", "RSA", "RSASSA-PSS", "EdDSA", "Ed25519");

    private final AdvancedTlsX509KeyManager key = new AdvancedTlsX509KeyManager();
    private final AdvancedTlsX509TrustManager trust;

    private XdsCredentials() throws GeneralSecurityException {
        this.trust = AdvancedTlsX509TrustManager.newBuilder()
                .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION) // a client has no host name
                .build();
    }

    /**
     * Returns the credentials.
     *
     * @throws InvalidPropertyException if there is no such bundle, or it lacks what is wanted of it
     */
    static ServerCredentials of(Ssl ssl, @Nullable SslBundles bundles) {
        String name = ssl.bundle();
        if (name == null) {
            return InsecureServerCredentials.create();
        }
        SslBundles present = RequiredBundle.among(bundles, name, BUNDLE);
        try {
            XdsCredentials credentials = new XdsCredentials();
            credentials.take(present.getBundle(name), ssl);
            present.addBundleUpdateHandler(name, renewed -> credentials.renew(renewed, ssl));
            return credentials.of(ssl.clientAuth());
        } catch (GeneralSecurityException | IOException e) {
            throw new InvalidPropertyException(
                    BUNDLE, name, "a bundle with a key and certificates that Java can use", "Correct the bundle.", e);
        }
    }

    private ServerCredentials of(ClientAuth clientAuth) {
        TlsServerCredentials.Builder credentials =
                TlsServerCredentials.newBuilder().keyManager(key);
        return switch (clientAuth) {
            case NONE -> credentials.build();
            case WANT ->
                credentials
                        .trustManager(trust)
                        .clientAuth(TlsServerCredentials.ClientAuth.OPTIONAL)
                        .build();
            case NEED ->
                credentials
                        .trustManager(trust)
                        .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                        .build();
        };
    }

    private void renew(SslBundle renewed, Ssl ssl) {
        try {
            take(renewed, ssl);
            log.info("SSL bundle {}: loaded anew for xDS clients", ssl.bundle());
        } catch (GeneralSecurityException | IOException | InvalidPropertyException e) {
            log.warn("SSL bundle {}: loaded anew, but it cannot be used; the one before stays in use", ssl.bundle(), e);
        }
    }

    private void take(SslBundle bundle, Ssl ssl) throws GeneralSecurityException, IOException {
        KeyAndChain own = keyAndChain(bundle);
        if (own == null) {
            throw new InvalidPropertyException(
                    BUNDLE,
                    ssl.bundle(),
                    "a bundle with the control plane's key and certificate",
                    "Give the bundle a keystore.");
        }
        if (ssl.clientAuth() != ClientAuth.NONE) {
            if (bundle.getStores().getTrustStore() == null) {
                throw new InvalidPropertyException(
                        BUNDLE,
                        ssl.bundle(),
                        "a bundle with the certificates that clients' ones are signed with",
                        "Give the bundle a truststore, or set " + XdsSettings.PREFIX
                                + "ssl.client-auth=none to let in clients without a certificate.");
            }
            trust.updateTrustCredentials(trusted(bundle));
        }
        key.updateIdentityCredentials(own.chain(), own.key());
    }

    private static X509Certificate[] trusted(SslBundle bundle) {
        return Stream.of(bundle.getManagers().getTrustManagers())
                .filter(X509TrustManager.class::isInstance)
                .map(X509TrustManager.class::cast)
                .flatMap(manager -> Stream.of(manager.getAcceptedIssuers()))
                .toArray(X509Certificate[]::new);
    }

    private record KeyAndChain(java.security.PrivateKey key, X509Certificate[] chain) {}

    private static @Nullable KeyAndChain keyAndChain(SslBundle bundle) {
        if (bundle.getStores().getKeyStore() == null) {
            return null;
        }
        return Stream.of(bundle.getManagers().getKeyManagers())
                .filter(X509KeyManager.class::isInstance)
                .map(X509KeyManager.class::cast)
                .flatMap(manager -> KEY_TYPES.stream()
                        .map(type -> manager.chooseServerAlias(type, null, null))
                        .filter(alias -> alias != null)
                        .map(alias ->
                                new KeyAndChain(manager.getPrivateKey(alias), manager.getCertificateChain(alias))))
                .findFirst()
                .orElse(null);
    }
}
