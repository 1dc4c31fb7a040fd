package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.SelfSigned;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Mutual TLS towards a real etcd, with the bundles of Spring. */
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
                            at(etcd, "grpc.lb.etcd.fail-fast=true", "grpc.lb.etcd.startup-timeout=1s")))
                    .rootCause()
                    .hasMessageContaining("certificate");
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
