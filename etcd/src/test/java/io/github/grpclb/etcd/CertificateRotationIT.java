package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.client.EtcdTls;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.SelfSigned;
import io.github.grpclb.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Authority and certificates are exchanged on disk, under a real etcd with mutual TLS. */
@FaultRow(20)
class CertificateRotationIT {

    private static final Duration LIMIT = Duration.ofSeconds(12);
    private static final String KEY = "/grpclb/greeter/127.0.0.1:8001";

    private final Endpoint endpoint =
            Endpoint.builder("greeter", "127.0.0.1", 8001).id("a").startedAt(1).build();
    private final AtomicInteger contexts = new AtomicInteger();
    private final LatestList list = new LatestList();

    @TempDir
    Path files;

    private TestCa before;
    private TestCa after;
    private EtcdProcess etcd;
    private EtcdConnection connection;
    private EtcdRegistrar registrar;
    private EtcdEndpointSource source;

    @BeforeEach
    void start() throws Exception {
        before = TestCa.create(files, "before");
        after = TestCa.create(files, "after");
        before.install(files, "1");
        Files.writeString(files.resolve("etcd-trusts"), pem(before.certificate()) + pem(after.certificate()));
        etcd = EtcdServers.startProcess(
                "--cert-file=" + files.resolve("etcd.crt"),
                "--key-file=" + files.resolve("etcd.key"),
                "--client-cert-auth",
                "--trusted-ca-file=" + files.resolve("etcd-trusts"));
        connection = new EtcdConnection(new EtcdOptions(
                List.of(etcd.endpoint().toString()),
                "/grpclb/",
                null,
                null,
                () -> {
                    contexts.incrementAndGet();
                    return new EtcdTls(
                            SelfSigned.trusting(files.resolve("we-trust")),
                            new SelfSigned(files.resolve("own.crt"), files.resolve("own.key")).keyManagers(),
                            List.of(),
                            List.of());
                },
                EtcdOptions.DEFAULT_CALL_TIMEOUT));
        registrar = new EtcdRegistrar(connection, Duration.ofSeconds(20), Duration.ofSeconds(3), RegistryObserver.NONE);
        source = new EtcdEndpointSource(connection, Duration.ofHours(1), RegistryObserver.NONE);
        source.subscribe("greeter", list);
    }

    @AfterEach
    void stop() {
        registrar.close();
        source.close();
        connection.close();
        etcd.close();
    }

    @Test
    void areUsedAtOnceWhereWeAreTold() throws Exception {
        Registration registration = announced();
        try (RawEtcd operator = new RawEtcd(etcd.endpoint(), before.certificate(), before.issue("operator"))) {
            long lease = operator.lease(KEY);
            after.install(files, "2");
            connection.reconnect();
            assertThat(registration.update(endpoint.toBuilder().weight(7).build()))
                    .succeedsWithin(LIMIT);
            await().atMost(LIMIT).untilAsserted(() -> assertThat(list.endpoints())
                    .extracting(Endpoint::weight)
                    .containsExactly(7));
            assertThat(contexts).hasValue(2);
            assertThat(connection.unreachableBecause()).isNull();
            assertThat(operator.lease(KEY)).isEqualTo(lease);
        }
        trustOnlyTheNewAuthority();
        assertThat(registration.update(endpoint.toBuilder().weight(8).build())).succeedsWithin(LIMIT);
        assertThat(contexts).hasValue(2);
        assertThat(list.reasons()).isEmpty();
    }

    @Test
    void areUsedWithinSecondsWhereWeAreNotTold() throws Exception {
        Registration registration = announced();
        after.install(files, "2");
        trustOnlyTheNewAuthority();
        assertThat(registration.update(endpoint.toBuilder().weight(8).build())).succeedsWithin(LIMIT);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(list.endpoints())
                .extracting(Endpoint::weight)
                .containsExactly(8));
        assertThat(contexts).hasValueGreaterThan(1);
        assertThat(list.reasons()).isEmpty();
    }

    private Registration announced() {
        Registration registration = registrar.register(endpoint);
        assertThat(registration.registered()).succeedsWithin(LIMIT);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
        return registration;
    }

    /** etcd reads its own certificate at each handshake, and its authorities at the start only. */
    private void trustOnlyTheNewAuthority() throws IOException {
        etcd.kill();
        Files.writeString(files.resolve("etcd-trusts"), pem(after.certificate()));
        etcd.start();
    }

    private static String pem(Path certificate) throws IOException {
        return Files.readString(certificate);
    }
}
