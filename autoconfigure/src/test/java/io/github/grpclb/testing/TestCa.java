package io.github.grpclb.testing;

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
