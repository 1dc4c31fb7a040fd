package io.github.grpclb.kubernetes;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * What the kubelet puts into a pod for its service account. Blocks, as long as a small file in memory takes to be read. Immutable.
 *
 * @param tokenFile null where no token is shown
 * @param caFile null where those are trusted whom the JVM trusts
 */
record ServiceAccountFiles(
        @Nullable Path tokenFile, @Nullable Path caFile) {

    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

    /**
     * Returns the token as it is now; null where none is shown.
     *
     * @throws IOException if there is none to be read; the message does not have it
     */
    @Nullable
    String token() throws IOException {
        Path file = tokenFile;
        if (file == null) {
            return null;
        }
        String token = Files.readString(file).strip();
        if (!TOKEN.matcher(token).matches()) {
            throw new IOException(file + " holds no token");
        }
        return token;
    }

    /** Returns the CA's certificates as they are now; nothing where those are trusted whom the JVM trusts. */
    byte[] ca() throws IOException {
        return caFile == null ? new byte[0] : Files.readAllBytes(caFile);
    }

    /** Returns what trusts the holders of certificates, given as PEM, and nobody else. */
    static SSLContext trusting(byte[] pem) throws IOException, GeneralSecurityException {
        Collection<? extends Certificate> certificates =
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem));
        if (certificates.isEmpty()) {
            throw new CertificateException("the CA's file holds no certificate");
        }
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        for (Certificate certificate : certificates) {
            trusted.setCertificateEntry("ca" + trusted.size(), certificate);
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
