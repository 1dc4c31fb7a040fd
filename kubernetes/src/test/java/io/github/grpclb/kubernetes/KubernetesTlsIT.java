package io.github.grpclb.kubernetes;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API server is whom the CA's file names, and nobody else. */
class KubernetesTlsIT {

    private final FakeCluster cluster = new FakeCluster();
    private final Heard heard = new Heard();

    @TempDir
    private Path folder;

    private FakeApiServer start(TestCa ca, String name) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(ca.server(name).keyManagers().getKeyManagers(), null, null);
        return FakeApiServer.start(cluster, context);
    }

    private KubernetesOptions inCluster(FakeApiServer server) throws Exception {
        Files.writeString(folder.resolve("token"), "t0ken");
        Files.writeString(folder.resolve("namespace"), "shop");
        server.want("t0ken");
        return KubernetesOptions.inCluster(
                Map.of(
                        "KUBERNETES_SERVICE_HOST",
                        server.uri().getHost(),
                        "KUBERNETES_SERVICE_PORT",
                        String.valueOf(server.uri().getPort())),
                folder);
    }

    @Test
    void asksTheApiServerAsAPodDoes() throws Exception {
        cluster.put("shop", SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1"));
        TestCa ca = TestCa.create(folder, "cluster");
        Files.copy(ca.certificate(), folder.resolve("ca.crt"), REPLACE_EXISTING);
        try (FakeApiServer server = start(ca, "api");
                KubernetesEndpointSource source =
                        new KubernetesEndpointSource(inCluster(server), RegistryObserver.NONE)) {
            source.subscribe("greeter", heard);
            await().untilAsserted(() -> assertThat(heard.lists()).containsExactly("10.0.0.1:9090"));
            cluster.put("shop", SliceBuilder.grpc("b", "greeter", 9090).ready("10.0.0.2", "p2"));
            await().untilAsserted(() -> assertThat(heard.endpoints()).hasSize(2));
            assertThat(server.received())
                    .extracting(FakeApiServer.Received::token)
                    .containsOnly("t0ken");
        }
    }

    @Test
    void trustsNobodyElseUntilTheFileNamesHim() throws Exception {
        cluster.put("shop", SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1"));
        TestCa others = TestCa.create(folder, "others");
        TestCa ca = TestCa.create(folder, "cluster");
        Files.copy(others.certificate(), folder.resolve("ca.crt"), REPLACE_EXISTING);
        try (FakeApiServer server = start(ca, "api");
                KubernetesEndpointSource source =
                        new KubernetesEndpointSource(inCluster(server), RegistryObserver.NONE)) {
            source.subscribe("greeter", heard);
            await().until(() -> !heard.reasons().isEmpty());
            assertThat(heard.reasons().get(0)).contains("SSLHandshakeException");
            assertThat(server.received()).as("nobody else sees the token").isEmpty();
            Files.writeString(folder.resolve("ca.crt"), "no certificate");
            await().untilAsserted(() ->
                    assertThat(source.unreachableBecause()).contains("cannot be asked: CertificateException"));
            Files.writeString(
                    folder.resolve("ca.crt"),
                    Files.readString(others.certificate()) + Files.readString(ca.certificate()));
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(heard.lists()).containsExactly("10.0.0.1:9090"));
        }
    }
}
