package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.SelfSigned;
import io.github.grpclb.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** Mutual TLS towards a real etcd, with the bundles of Spring. */
@ExtendWith(OutputCaptureExtension.class)
class EtcdTlsIT {

    private static final String BUNDLE = "spring.ssl.bundle.pem.etcd.";

    @TempDir
    Path directory;

    private SelfSigned server;
    private SelfSigned client;

    @BeforeEach
    void makeCertificates() throws Exception {
        server = SelfSigned.create(directory, "server", "san=ip:127.0.0.1");
        client = SelfSigned.create(directory, "client", "eku=clientAuth");
    }

    @Test
    void serverAndClientMeetUnderMutualTls() {
        try (EtcdProcess etcd = start();
                ConfigurableApplicationContext serving =
                        TestApplications.server(at(etcd, "grpc.lb.registration.id=a", withKey()));
                ConfigurableApplicationContext calling = TestApplications.client(at(etcd, "", withKey()))) {
            assertThat(serving.isRunning()).isTrue();
            assertThat(calling.getBean(Caller.class).ask()).isEqualTo("a");
        }
    }

    @Test
    void isRefusedWithoutTheClientsCertificate() {
        try (EtcdProcess etcd = start()) {
            assertThatThrownBy(() -> TestApplications.client(
                            at(etcd, "grpc.lb.etcd.fail-fast=true", "grpc.lb.etcd.startup-timeout=5s")))
                    .rootCause()
                    .hasMessageContaining("certificate");
        }
    }

    @Test
    @Tag("long")
    @FaultRow(20)
    void bundlesThatAreLoadedAnewAreUsedAtOnce(CapturedOutput output) throws Exception {
        TestCa before = TestCa.create(directory, "before");
        TestCa after = TestCa.create(directory, "after");
        before.install(directory, "1");
        Path trusted = directory.resolve("etcd-trusts");
        Files.writeString(trusted, Files.readString(before.certificate()) + Files.readString(after.certificate()));
        String[] properties = {
            "grpc.lb.etcd.ssl.bundle=etcd",
            "grpc.lb.registration.id=a",
            "grpc.lb.registration.ttl=30s",
            BUNDLE + "reload-on-update=true",
            BUNDLE + "truststore.certificate=" + directory.resolve("we-trust"),
            BUNDLE + "keystore.certificate=" + directory.resolve("own.crt"),
            BUNDLE + "keystore.private-key=" + directory.resolve("own.key"),
            "spring.ssl.bundle.watch.file.quiet-period=1s",
            "logging.level.io.github.grpclb=info",
            ""
        };
        try (EtcdProcess etcd = EtcdServers.startProcess(
                "--cert-file=" + directory.resolve("etcd.crt"),
                "--key-file=" + directory.resolve("etcd.key"),
                "--client-cert-auth",
                "--trusted-ca-file=" + trusted)) {
            properties[properties.length - 1] = "grpc.lb.etcd.endpoints=" + etcd.endpoint();
            try (ConfigurableApplicationContext serving = TestApplications.server(properties);
                    ConfigurableApplicationContext calling = TestApplications.client(properties)) {
                Caller caller = calling.getBean(Caller.class);
                assertThat(caller.ask()).isEqualTo("a");

                after.install(directory, "2");
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> output.getAll().split("connecting to etcd anew", -1).length == 3);
                // etcd reads its authorities at the start only
                etcd.kill();
                Files.writeString(trusted, Files.readString(after.certificate()));
                etcd.start();
                properties[1] = "grpc.lb.registration.id=b";
                try (ConfigurableApplicationContext late = TestApplications.server(properties)) {
                    Set<String> seen = new HashSet<>();
                    await().atMost(Duration.ofSeconds(20)).until(() -> {
                        seen.add(caller.ask());
                        return seen.equals(Set.of("a", "b")) && late.isRunning();
                    });
                }
                assertThat(serving.getBean(EtcdConnection.class).unreachableBecause())
                        .isNull();
            }
        }
    }

    private EtcdProcess start() {
        return EtcdServers.startProcess(
                "--cert-file=" + server.certificate(),
                "--key-file=" + server.key(),
                "--client-cert-auth",
                "--trusted-ca-file=" + client.certificate());
    }

    private String withKey() {
        return BUNDLE + "keystore.certificate=" + client.certificate() + "\n" + BUNDLE + "keystore.private-key="
                + client.key();
    }

    private String[] at(EtcdProcess etcd, String... more) {
        return (String.join("\n", more) + "\ngrpc.lb.etcd.endpoints=https://127.0.0.1:"
                        + etcd.endpoint().getPort() + "\ngrpc.lb.etcd.ssl.bundle=etcd\n" + BUNDLE
                        + "truststore.certificate=" + server.certificate())
                .lines()
                .filter(line -> !line.isEmpty())
                .toArray(String[]::new);
    }
}
