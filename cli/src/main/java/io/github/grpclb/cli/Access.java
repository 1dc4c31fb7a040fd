package io.github.grpclb.cli;

import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.client.EtcdTls;
import io.grpc.util.CertificateUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * How etcd is reached: by options, else by the environment variables of etcdctl. A password is in no option, since others see a process's
 * command line.
 */
final class Access {

    private static final char[] NO_PASSWORD = new char[0];

    private final CommandLine line;
    private final Map<String, String> environment;

    Access(CommandLine line, Map<String, String> environment) {
        this.line = line;
        this.environment = environment;
    }

    EtcdOptions options() {
        String user = line.text("user").orElse(environment.get("ETCDCTL_USER"));
        String password = environment.get("ETCDCTL_PASSWORD");
        if (user != null && user.contains(":")) {
            if (line.has("user")) {
                throw new UsageException(
                        "--user has a password in it, which others can see (expected: --user=NAME, and the password in ETCDCTL_PASSWORD)");
            }
            password = user.substring(user.indexOf(':') + 1);
            user = user.substring(0, user.indexOf(':'));
        }
        if (user != null && password == null) {
            throw new UsageException("there is no password for " + user + " (expected: in ETCDCTL_PASSWORD)");
        }
        String caFile = option("cacert", "ETCDCTL_CACERT");
        String certificate = option("cert", "ETCDCTL_CERT");
        String key = option("key", "ETCDCTL_KEY");
        requireReadable("cacert", caFile);
        requireReadable("cert", certificate);
        requireReadable("key", key);
        if ((certificate == null) != (key == null)) {
            throw new UsageException("--cert and --key (expected: both, or neither)");
        }
        List<String> endpoints = endpoints(caFile != null || certificate != null);
        boolean secure = endpoints.stream().anyMatch(each -> each.startsWith("https:"));
        return new EtcdOptions(
                endpoints,
                line.text("prefix").orElse(EtcdOptions.DEFAULT_PREFIX),
                user,
                user == null ? null : password,
                secure ? () -> tls(caFile, certificate, key) : null,
                line.time("timeout").orElse(Duration.ofSeconds(5)));
    }

    private static void requireReadable(String option, @Nullable String file) {
        if (file != null && !Files.isReadable(Path.of(file))) {
            throw new UsageException("--" + option + "=" + file + " (expected: a file that can be read)");
        }
    }

    /** etcdctl takes endpoints without a scheme, and so does this. */
    private List<String> endpoints(boolean secure) {
        String given = line.text("etcd").orElse(environment.getOrDefault("ETCDCTL_ENDPOINTS", "http://127.0.0.1:2379"));
        return Stream.of(given.split(","))
                .map(each -> each.contains("://") ? each : (secure ? "https://" : "http://") + each)
                .toList();
    }

    private @Nullable String option(String name, String variable) {
        return line.text(name).orElse(environment.get(variable));
    }

    private static EtcdTls tls(@Nullable String caFile, @Nullable String certificate, @Nullable String key)
            throws IOException, GeneralSecurityException {
        TrustManagerFactory trust = null;
        if (caFile != null) {
            trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore trusted = emptyStore();
            X509Certificate[] authorities = certificates(caFile);
            for (int i = 0; i < authorities.length; i++) {
                trusted.setCertificateEntry(String.valueOf(i), authorities[i]);
            }
            trust.init(trusted);
        }
        KeyManagerFactory shown = null;
        if (certificate != null && key != null) {
            shown = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            KeyStore own = emptyStore();
            own.setKeyEntry("own", privateKey(key), NO_PASSWORD, certificates(certificate));
            shown.init(own, NO_PASSWORD);
        }
        return new EtcdTls(trust, shown, List.of(), List.of());
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        return store;
    }

    private static X509Certificate[] certificates(String file) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            return CertificateUtils.getX509Certificates(in);
        }
    }

    private static PrivateKey privateKey(String file) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            return CertificateUtils.getPrivateKey(in);
        }
    }
}
