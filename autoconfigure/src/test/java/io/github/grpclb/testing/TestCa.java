package io.github.grpclb.testing;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A certificate authority for tests, made with the JDK's own tool. Not thread-safe. */
public final class TestCa {

    private final String name;
    private final Path store;
    private final Path certificate;

    private TestCa(String name, Path store, Path certificate) {
        this.name = name;
        this.store = store;
        this.certificate = certificate;
    }

    /**
     * Makes an authority.
     *
     * @param name of the authority and of its files
     */
    public static TestCa create(Path directory, String name) throws Exception {
        Path store = directory.resolve(name + ".p12");
        SelfSigned.generate(store, name, "-ext", "bc:c", "-ext", "ku:c=keyCertSign");
        return new TestCa(name, store, SelfSigned.export(store, name).certificate());
    }

    /** Returns the file of the authority's own certificate. */
    public Path certificate() {
        return certificate;
    }

    /**
     * Issues a client's certificate and etcd's, and puts them in place of those in a directory, as an operator does who renews them:
     * {@code we-trust} (this authority), {@code own.crt}, {@code own.key}, {@code etcd.crt}, {@code etcd.key}.
     *
     * @param generation tells its files from those of an earlier time
     */
    public void install(Path directory, String generation) throws Exception {
        SelfSigned own = issue("own" + generation, "-ext", "eku=clientAuth");
        SelfSigned etcd = server("etcd" + generation);
        replace(directory.resolve("we-trust"), certificate);
        replace(directory.resolve("own.crt"), own.certificate());
        replace(directory.resolve("own.key"), own.key());
        replace(directory.resolve("etcd.crt"), etcd.certificate());
        replace(directory.resolve("etcd.key"), etcd.key());
    }

    private static void replace(Path file, Path by) throws IOException {
        Path copy = Files.copy(by, file.resolveSibling(file.getFileName() + ".new"), REPLACE_EXISTING);
        Files.move(copy, file, ATOMIC_MOVE);
    }

    /** Issues a certificate for a server at 127.0.0.1. */
    public SelfSigned server(String subject) throws Exception {
        return issue(subject, "-ext", "san=ip:127.0.0.1");
    }

    /**
     * Issues a certificate.
     *
     * @param subject the common name, and that of the files
     * @param options of keytool, such as {@code -ext san=ip:127.0.0.1} or {@code -startdate -60d -validity 30}
     */
    public SelfSigned issue(String subject, String... options) throws Exception {
        String[] signed =
                Stream.concat(Stream.of("-signer", name), Stream.of(options)).toArray(String[]::new);
        SelfSigned.generate(store, subject, signed);
        return SelfSigned.export(store, subject);
    }
}
