package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.SelfSigned;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** What a call says whose client and server do not agree on TLS. */
class TlsMismatchIT {

    @TempDir
    static Path files;

    private static SelfSigned certificate;

    @AutoClose
    private final Opened opened = new Opened();

    @BeforeAll
    static void makeCertificate() throws Exception {
        certificate = SelfSigned.create(files, "payments", "san=dns:payments");
    }

    @Test
    void aClientOfNetDevhsDefaultIsToldHowToSpeakPlaintext() {
        TestServer server = opened.add(TestServer.start("a"));
        assertThatCall(server.port(), "grpc.client.GLOBAL.negotiation-type=tls")
                .hasMessageContaining("grpc.client.<name>.negotiation-type=plaintext");
    }

    @Test
    void aClientIsToldWhichNameTheCertificateLacksAndReachesTheServerUnderAnother() {
        int port = tlsServer();
        String[] trusting = {
            "grpc.client.GLOBAL.negotiation-type=tls",
            "grpc.client.GLOBAL.security.trust-cert-collection=file:" + certificate.certificate()
        };
        assertThatCall(port, trusting)
                .hasMessageContaining("matching greeter found")
                .hasMessageContaining("grpc.client.<name>.security.authority-override");
        assertThat(call(port, trusting[0], trusting[1], "grpc.client.greeter.security.authority-override=payments"))
                .isEqualTo("tls");
    }

    @Test
    void aPlaintextClientIsToldThatTheServerMaySpeakTls() {
        assertThatCall(tlsServer(), "grpc.client.GLOBAL.negotiation-type=plaintext")
                .hasMessageContaining("perhaps the server speaks TLS");
    }

    private int tlsServer() {
        ConfigurableApplicationContext server = opened.add(TestApplications.start(
                TestApplications.ServerApplication.class,
                Map.of("grpc.server.port", "0", "grpc.server.address", "127.0.0.1"),
                "grpc.lb.registration.enabled=false",
                "grpc.lb.registration.id=tls",
                "grpc.server.security.enabled=true",
                "grpc.server.security.certificate-chain=file:" + certificate.certificate(),
                "grpc.server.security.private-key=file:" + certificate.key()));
        return server.getBean(GrpcServerProperties.class).getPort();
    }

    private AbstractThrowableAssert<?, ?> assertThatCall(int port, String... properties) {
        return assertThatThrownBy(() -> call(port, properties));
    }

    private static String call(int port, String... properties) {
        String[] all = new String[properties.length + 1];
        System.arraycopy(properties, 0, all, 1, properties.length);
        all[0] = "grpc.lb.static.greeter=127.0.0.1:" + port;
        try (ConfigurableApplicationContext context = client(all)) {
            return context.getBean(Caller.class).ask(CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS));
        }
    }
}
