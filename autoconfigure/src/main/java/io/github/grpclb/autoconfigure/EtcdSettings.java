package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.client.EtcdTls;
import io.github.grpclb.etcd.record.RecordRules;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;

/** Makes etcd's options out of the properties, and names the property in what is wrong. */
record EtcdSettings(
        GrpcLbProperties.Etcd properties, @Nullable SslBundles bundles) {

    private static final String PREFIX = "grpc.lb.etcd.";

    EtcdOptions options() {
        String bundle = properties.ssl().bundle();
        if (bundle == null && properties.endpoints().stream().anyMatch(EtcdSettings::isSecure)) {
            throw new InvalidPropertyException(
                    PREFIX + "ssl.bundle",
                    null,
                    "the name of an SSL bundle, as " + PREFIX + "endpoints says https",
                    "Define a bundle under spring.ssl.bundle and name it here; grpc-lb never speaks plaintext to an https"
                            + " endpoint.");
        }
        return options(
                properties.endpoints(),
                properties.username(),
                properties.password(),
                bundle == null ? null : tls(bundle));
    }

    /** Returns the options where something else than the properties says where etcd is. */
    EtcdOptions optionsFor(EtcdConnectionDetails details) {
        SslBundle bundle = details.getSslBundle();
        return options(
                details.getEndpoints(),
                details.getUsername(),
                details.getPassword(),
                bundle == null ? null : () -> tls(bundle));
    }

    /** Returns how far the records in etcd are trusted. */
    RecordRules recordRules() {
        try {
            return new RecordRules(
                    new AddressRules(
                            properties.allowedCidrs().stream().map(Cidr::parse).toList(),
                            properties.allowedHostSuffixes(),
                            properties.allowLoopback()),
                    properties.maxEndpoints());
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(
                    e, PREFIX + (e.name().equals("maxEndpoints") ? "max-endpoints" : "allowed-cidrs"));
        }
    }

    /** Has something done whenever the bundle is loaded anew, as it is with {@code reload-on-update}. */
    void onRenewedCertificates(Runnable task) {
        String bundle = properties.ssl().bundle();
        if (bundle != null && bundles != null) {
            bundles.addBundleUpdateHandler(bundle, renewed -> task.run());
        }
    }

    /** Returns the options for the etcd inside this process, which knows neither users nor TLS. */
    EtcdOptions forEmbedded(URI endpoint) {
        return options(List.of(endpoint.toString()), null, null, null);
    }

    private EtcdOptions options(
            List<String> endpoints,
            @Nullable String username,
            @Nullable String password,
            EtcdOptions.@Nullable TlsSource tls) {
        try {
            return new EtcdOptions(
                    endpoints, properties.prefix(), username, password, tls, EtcdOptions.DEFAULT_CALL_TIMEOUT);
        } catch (IllegalValueException e) {
            throw InvalidPropertyException.of(e, PREFIX + e.name());
        }
    }

    private EtcdOptions.TlsSource tls(String name) {
        SslBundles current = RequiredBundle.among(bundles, name, PREFIX + "ssl.bundle");
        return () -> tls(current.getBundle(name));
    }

    private static EtcdTls tls(SslBundle bundle) {
        SslOptions options = bundle.getOptions();
        return new EtcdTls(
                bundle.getManagers().getTrustManagerFactory(),
                bundle.getStores().getKeyStore() == null
                        ? null
                        : bundle.getManagers().getKeyManagerFactory(),
                listOf(options.getEnabledProtocols()),
                listOf(options.getCiphers()));
    }

    private static List<String> listOf(String @Nullable [] names) {
        return names == null ? List.of() : List.of(names);
    }

    private static boolean isSecure(String endpoint) {
        return endpoint.strip().regionMatches(true, 0, "https:", 0, "https:".length());
    }
}
