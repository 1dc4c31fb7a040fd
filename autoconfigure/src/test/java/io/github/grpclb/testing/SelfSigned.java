package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * A key and a certificate that it signed itself, as PEM files, made with the JDK's own tool.
 *
 * @param certificate the certificate's file
 * @param key the key's file
 */
public record SelfSigned(Path certificate, Path key) {

    private static final String PASSWORD = "changeit";

    /**
     * Makes both.
     *
     * @param name of the subject and of the files
     * @param extension such as {@code san=ip:127.0.0.1}
     */
    public static SelfSigned create(Path directory, String name, String extension) throws Exception {
        Path store = directory.resolve(name + ".p12");
        generate(store, name, "-ext", extension);
        return export(store, name);
    }

    /** Returns what shows the certificate to others, as the files are now. */
    public KeyManagerFactory keyManagers() throws Exception {
        String body = Files.readString(key).replaceAll("-----[A-Z ]+-----|\\s", "");
        PrivateKey read = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
        KeyStore keys = emptyStore();
        keys.setKeyEntry("own", read, PASSWORD.toCharArray(), new Certificate[] {read(certificate)});
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        return managers;
    }

    /** Returns what trusts the holder of a certificate and those whom he issued theirs, as the file is now. */
    public static TrustManagerFactory trusting(Path certificate) throws Exception {
        KeyStore trusted = emptyStore();
        trusted.setCertificateEntry("trusted", read(certificate));
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        return managers;
    }

    private static KeyStore emptyStore() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Certificate read(Path certificate) throws Exception {
        try (InputStream pem = Files.newInputStream(certificate)) {
            return CertificateFactory.getInstance("X.509").generateCertificate(pem);
        }
    }

    /** Generates a key and its certificate into a store, which is created if need be. */
    static void generate(Path store, String name, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=" + name,
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString()));
        command.addAll(List.of(more));
        Path log = Path.of(store + ".log");
        Process keytool = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(keytool.waitFor()).as(Files.readString(log)).isZero();
    }

    /** Writes what a store has under a name to PEM files beside it. */
    static SelfSigned export(Path store, String name) throws Exception {
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        return new SelfSigned(
                pem(
                        store.resolveSibling(name + ".crt"),
                        "CERTIFICATE",
                        keys.getCertificate(name).getEncoded()),
                pem(
                        store.resolveSibling(name + ".key"),
                        "PRIVATE KEY",
                        keys.getKey(name, PASSWORD.toCharArray()).getEncoded()));
    }

    private static Path pem(Path file, String type, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder().encodeToString(der);
        return Files.writeString(file, "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
    }
}
