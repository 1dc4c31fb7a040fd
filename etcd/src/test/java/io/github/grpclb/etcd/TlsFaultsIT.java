package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.client.EtcdTls;
import io.github.grpclb.etcd.client.EtcdUnavailableException;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.SelfSigned;
import io.github.grpclb.testing.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS that does not fit, against a real etcd: what is said within the time given names the cause. */
@FaultRow(20)
class TlsFaultsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Enough for the first handshake of a JVM on a busy machine. */
    private static final Duration SHORT = Duration.ofSeconds(3);

    @TempDir
    Path directory;

    private TestCa ca;

    @BeforeEach
    void makeAuthority() throws Exception {
        ca = TestCa.create(directory, "ca");
    }

    @Test
    void connectsWhereEverythingFits() throws Exception {
        try (EtcdProcess etcd = start(ca.server("server"));
                EtcdConnection connection = new EtcdConnection(trusting(etcd, ca))) {
            connection.awaitReachable(LIMIT);
        }
    }

    @Test
    void namesAnAuthorityThatIsNotTrusted() throws Exception {
        TestCa foreign = TestCa.create(directory, "foreign");
        try (EtcdProcess etcd = start(ca.server("server"))) {
            assertRefused(trusting(etcd, foreign), "PKIX path");
        }
    }

    @Test
    void namesAnExpiredCertificate() throws Exception {
        SelfSigned expired = ca.issue("expired", "-ext", "san=ip:127.0.0.1", "-startdate", "-60d", "-validity", "30");
        try (EtcdProcess etcd = start(expired)) {
            assertRefused(trusting(etcd, ca), "NotAfter");
        }
    }

    @Test
    void namesACertificateOfAnotherHost() throws Exception {
        SelfSigned elsewhere = ca.issue("elsewhere", "-ext", "san=ip:127.9.9.9,dns:elsewhere.example");
        try (EtcdProcess etcd = start(elsewhere)) {
            assertRefused(trusting(etcd, ca), "subject alternative names matching IP address 127.0.0.1");
        }
    }

    @Test
    void asksWhetherHttpsIsMeantWherePlaintextMeetsTls() throws Exception {
        try (EtcdProcess etcd = start(ca.server("server"))) {
            assertRefused(plain(etcd.endpoint().getPort()), "does it want https?");
        }
    }

    @Test
    void asksWhetherHttpIsMeantWhereTlsMeetsPlaintext() throws Exception {
        try (EtcdProcess etcd = EtcdServers.startProcess()) {
            assertRefused(trusting(etcd, ca), "does it want http?");
        }
    }

    /** What etcd does to what it does not understand is a race: it answers, closes, or resets. */
    @ParameterizedTest
    @CsvSource({"true, does it want http? Or a certificate that it trusts?", "false, does it want https?"})
    void asksForTheOtherSchemeWhereThePortResets(boolean tls, String question) throws Exception {
        try (ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread resetting = new Thread(() -> resetAll(port), "resetting-port");
            resetting.start();
            assertRefused(tls ? trusting(port.getLocalPort(), ca) : plain(port.getLocalPort()), question);
        }
    }

    @Test
    void namesTheCertificateThatEtcdMisses() throws Exception {
        try (EtcdProcess etcd = startMutual()) {
            assertRefused(trusting(etcd, ca), "certificate");
        }
    }

    @Test
    void namesTheCertificateThatEtcdDoesNotAccept() throws Exception {
        SelfSigned foreign = TestCa.create(directory, "foreign").issue("client", "-ext", "eku=clientAuth");
        try (EtcdProcess etcd = startMutual()) {
            assertRefused(options(etcd, ca, foreign), "certificate");
        }
    }

    @Test
    void etcdKnowsTheUserByTheNameInTheCertificate() throws Exception {
        SelfSigned known = ca.issue("svc", "-ext", "eku=clientAuth");
        SelfSigned unknown = ca.issue("stranger", "-ext", "eku=clientAuth");
        try (EtcdProcess etcd = startMutual();
                RawEtcd operator = new RawEtcd(etcd.endpoint(), ca.certificate(), ca.issue("root"))) {
            operator.enableAuth("svc", "unused", "/grpclb/");
            try (EtcdConnection connection = new EtcdConnection(options(etcd, ca, known))) {
                connection.awaitReachable(LIMIT);
                assertThat(connection.api().get("/grpclb/x")).succeedsWithin(LIMIT);
                assertThat(connection.api().get("/elsewhere"))
                        .failsWithin(LIMIT)
                        .withThrowableThat()
                        .withMessageContaining("permission denied");
            }
            try (EtcdConnection connection = new EtcdConnection(options(etcd, ca, unknown))) {
                assertThat(connection.api().get("/grpclb/x"))
                        .failsWithin(LIMIT)
                        .withThrowableThat()
                        .withMessageContaining("etcd denies the access");
            }
        }
    }

    /** Within the time given and the time of one call, and never by saying no more than that there was no answer. */
    private static void assertRefused(EtcdOptions options, String cause) {
        try (EtcdConnection connection = new EtcdConnection(options)) {
            long begun = System.nanoTime();
            assertThatThrownBy(() -> connection.awaitReachable(SHORT))
                    .isInstanceOf(EtcdUnavailableException.class)
                    .hasMessageContaining(cause)
                    .hasMessageContaining(options.endpoints().get(0))
                    .hasMessageNotContaining("no answer");
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isLessThan(SHORT.plus(EtcdOptions.DEFAULT_CALL_TIMEOUT));
        }
    }

    private static void resetAll(ServerSocket port) {
        while (!port.isClosed()) {
            try (Socket caller = port.accept()) {
                caller.getInputStream().read();
                caller.setSoLinger(true, 0);
            } catch (IOException e) {
                // the caller's, or the end
            }
        }
    }

    private static EtcdProcess start(SelfSigned server) {
        return EtcdServers.startProcess("--cert-file=" + server.certificate(), "--key-file=" + server.key());
    }

    private EtcdProcess startMutual() throws Exception {
        SelfSigned server = ca.server("server");
        return EtcdServers.startProcess(
                "--cert-file=" + server.certificate(),
                "--key-file=" + server.key(),
                "--client-cert-auth",
                "--trusted-ca-file=" + ca.certificate());
    }

    private static EtcdOptions plain(int port) {
        return EtcdOptions.of("http://127.0.0.1:" + port);
    }

    private static EtcdOptions trusting(EtcdProcess etcd, TestCa ca) throws Exception {
        return trusting(etcd.endpoint().getPort(), ca);
    }

    private static EtcdOptions trusting(int port, TestCa ca) throws Exception {
        return options(port, ca, null);
    }

    private static EtcdOptions options(EtcdProcess etcd, TestCa ca, SelfSigned client) throws Exception {
        return options(etcd.endpoint().getPort(), ca, client);
    }

    private static EtcdOptions options(int port, TestCa ca, @Nullable SelfSigned client) throws Exception {
        EtcdTls tls = new EtcdTls(
                SelfSigned.trusting(ca.certificate()),
                client == null ? null : client.keyManagers(),
                List.of(),
                List.of());
        return new EtcdOptions(
                List.of("https://127.0.0.1:" + port),
                "/grpclb/",
                null,
                null,
                () -> tls,
                EtcdOptions.DEFAULT_CALL_TIMEOUT);
    }
}
