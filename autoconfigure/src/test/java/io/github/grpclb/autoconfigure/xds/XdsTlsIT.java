package io.github.grpclb.autoconfigure.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.GrpcLbAutoConfiguration;
import io.github.grpclb.autoconfigure.GrpcLbClientAutoConfiguration;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.test.FakeRegistry;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.SelfSigned;
import io.github.grpclb.testing.TestCa;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Mutual TLS towards xDS clients, with the bundles of Spring. */
class XdsTlsIT {

    private static final String BUNDLE = "spring.ssl.bundle.pem.xds.";

    @TempDir
    Path directory;

    private TestCa authority;
    private ApplicationContextRunner application;

    @BeforeEach
    void start() throws Exception {
        authority = TestCa.create(directory, "authority");
        authority.install(directory, "1");
        FakeRegistry registry = new FakeRegistry();
        registry.put(Endpoint.builder("greeter", "127.0.0.1", 4711).build());
        application = new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        SslAutoConfiguration.class,
                        GrpcLbAutoConfiguration.class,
                        GrpcLbClientAutoConfiguration.class,
                        GrpcLbXdsAutoConfiguration.class))
                .withBean(FakeRegistry.class, () -> registry)
                .withPropertyValues(
                        "grpc.lb.xds.enabled=true",
                        "grpc.lb.xds.port=0",
                        "grpc.lb.xds.ssl.bundle=xds",
                        BUNDLE + "keystore.certificate=" + directory.resolve("etcd.crt"),
                        BUNDLE + "keystore.private-key=" + directory.resolve("etcd.key"));
    }

    @Test
    void letsInWhoHasACertificateThatItTrusts() throws Exception {
        SelfSigned client = authority.issue("client", "-ext", "eku=clientAuth");
        TestCa other = TestCa.create(directory, "other");
        SelfSigned stranger = other.issue("stranger", "-ext", "eku=clientAuth");
        trusting().run(context -> {
            int port = context.getBean(XdsLifecycle.class).port();
            assertThat(ask(port, tls(client))).contains("4711");
            assertThat(ask(port, tls(null))).startsWith("UNAVAILABLE").containsIgnoringCase("certificate");
            assertThat(ask(port, tls(stranger))).startsWith("UNAVAILABLE").containsIgnoringCase("certificate");
            assertThat(ask(port, InsecureChannelCredentials.create())).startsWith("UNAVAILABLE");
        });
        trusting().withPropertyValues("grpc.lb.xds.allowed-nodes=shop-*").run(context -> assertThat(
                        ask(context.getBean(XdsLifecycle.class).port(), tls(client)))
                .startsWith("PERMISSION_DENIED")
                .contains("\"tester\""));
    }

    @Test
    @ExtendWith(CapturedLog.Extension.class)
    void saysWhoseHandshakeFailed(CapturedLog log) {
        trusting().run(context -> {
            int port = context.getBean(XdsLifecycle.class).port();
            assertThat(ask(port, tls(null))).startsWith("UNAVAILABLE");
            assertThat(ask(port, tls(null))).startsWith("UNAVAILABLE");
            assertThat(ask(port, InsecureChannelCredentials.create())).startsWith("UNAVAILABLE");
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(log)
                    .containsOnlyOnce("xDS client at 127.0.0.1 failed: Empty client certificate chain")
                    .contains("xDS client at 127.0.0.1 failed: not an SSL/TLS record"));
        });
    }

    @Test
    void letsInAnybodyWhereNoCertificateIsWanted() throws Exception {
        SelfSigned client = authority.issue("client", "-ext", "eku=clientAuth");
        application.withPropertyValues("grpc.lb.xds.ssl.client-auth=none").run(context -> {
            int port = context.getBean(XdsLifecycle.class).port();
            assertThat(ask(port, tls(null))).contains("4711");
            assertThat(ask(port, tls(client))).contains("4711");
        });
    }

    @Test
    void usesARenewedCertificateForNewConnections() throws Exception {
        SelfSigned before = authority.issue("client", "-ext", "eku=clientAuth");
        TestCa next = TestCa.create(directory, "next");
        SelfSigned after = next.issue("later-client", "-ext", "eku=clientAuth");
        trusting()
                .withPropertyValues(BUNDLE + "reload-on-update=true", "spring.ssl.bundle.watch.file.quiet-period=100ms")
                .run(context -> {
                    int port = context.getBean(XdsLifecycle.class).port();
                    assertThat(ask(port, tls(before))).contains("4711");
                    ManagedChannel standing = channel(port, tls(before));
                    assertThat(RawXdsClient.ask(standing, "greeter", new Metadata()))
                            .contains("4711");
                    next.install(directory, "2");
                    ChannelCredentials renewed = TlsChannelCredentials.newBuilder()
                            .trustManager(next.certificate().toFile())
                            .keyManager(
                                    after.certificate().toFile(), after.key().toFile())
                            .build();
                    await().atMost(Duration.ofSeconds(30))
                            .until(() -> ask(port, renewed).contains("4711"));
                    assertThat(ask(port, tls(before))).startsWith("UNAVAILABLE");
                    assertThat(RawXdsClient.ask(standing, "greeter", new Metadata()))
                            .contains("4711");
                    standing.shutdownNow();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "want"})
    @ExtendWith(CapturedLog.Extension.class)
    void warnsWhereItTellsEverybody(String clientAuth, CapturedLog log) {
        ApplicationContextRunner open = trusting()
                .withPropertyValues("grpc.lb.xds.address=0.0.0.0", "grpc.lb.xds.ssl.client-auth=" + clientAuth);
        open.withPropertyValues("grpc.lb.xds.token=secret")
                .run(context -> assertThat(log).doesNotContain("whoever reaches it"));
        open.run(context -> assertThat(log).contains("whoever reaches it reads the whole registry"));
    }

    @Test
    void saysWhatTheBundleLacks() {
        application.run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageContaining("grpc.lb.xds.ssl.bundle: xds")
                .hasMessageContaining("the certificates that clients' ones are signed with"));
        application.withPropertyValues("grpc.lb.xds.ssl.bundle=none").run(context -> assertThat(context)
                .getFailure()
                .hasMessageContaining("grpc.lb.xds.ssl.bundle: none (expected: the name of an SSL bundle)"));
    }

    private ApplicationContextRunner trusting() {
        return application.withPropertyValues(BUNDLE + "truststore.certificate=" + directory.resolve("we-trust"));
    }

    private ChannelCredentials tls(@Nullable SelfSigned client) throws Exception {
        TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder()
                .trustManager(authority.certificate().toFile());
        if (client != null) {
            credentials.keyManager(client.certificate().toFile(), client.key().toFile());
        }
        return credentials.build();
    }

    private static String ask(int port, ChannelCredentials credentials) throws Exception {
        ManagedChannel channel = channel(port, credentials);
        try {
            return RawXdsClient.ask(channel, "greeter", new Metadata());
        } finally {
            channel.shutdownNow();
        }
    }

    private static ManagedChannel channel(int port, ChannelCredentials credentials) {
        return Grpc.newChannelBuilder("127.0.0.1:" + port, credentials).build();
    }
}
