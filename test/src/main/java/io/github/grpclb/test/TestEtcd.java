package io.github.grpclb.test;

import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A prefix of its own in the one embedded etcd that the tests of a JVM share: what is registered below another prefix is not seen here.
 * So tests need no more than one etcd, and do not meet, also where they run at the same time. A test that stops its etcd, to see what
 * happens then, starts an {@link EmbeddedEtcd} of its own.
 *
 * <p>{@link WithEmbeddedEtcd} makes one for a test class, {@code @AutoConfigureEmbeddedEtcd} for an application context; {@link #create()}
 * for whatever else there is. Immutable.
 *
 * @param endpoint where the etcd listens, such as {@code http://127.0.0.1:40123}
 * @param prefix what the keys of all its servers begin with, such as {@code /test-1/}
 */
public record TestEtcd(URI endpoint, String prefix) {

    private static final AtomicLong PREFIXES = new AtomicLong();

    /** Started by the first who asks, ended with the JVM: its threads are daemons. */
    private static final class Shared {
        static final EmbeddedEtcd ETCD = EmbeddedEtcd.start("127.0.0.1", 0);
    }

    /** Makes a prefix that nobody else has; starts the etcd of this JVM where it does not run yet. Thread-safe. */
    public static TestEtcd create() {
        return new TestEtcd(Shared.ETCD.endpoint(), "/test-" + PREFIXES.incrementAndGet() + "/");
    }

    /** Returns what the keys of all its overrides begin with, such as {@code /overrides/test-1/}. */
    public String overridesPrefix() {
        return "/overrides" + (prefix.startsWith("/") ? prefix : "/" + prefix);
    }

    /**
     * Returns the arguments with which an application that a test starts by itself uses it; they go before what is in the application's
     * files.
     *
     * <pre>{@code
     * SpringApplication.run(Greeter.class, etcd.arguments())
     * }</pre>
     */
    public String[] arguments() {
        return new String[] {
            "--grpc.lb.etcd.endpoints=" + endpoint,
            "--grpc.lb.etcd.prefix=" + prefix,
            "--grpc.lb.etcd.overrides-prefix=" + overridesPrefix()
        };
    }
}
