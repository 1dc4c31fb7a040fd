package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.IllegalValueException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KubernetesOptionsTest {

    private static final KubernetesOptions OPTIONS = KubernetesOptions.of(URI.create("https://10.96.0.1"), "shop");

    @TempDir
    private Path account;

    @BeforeEach
    void mount() throws IOException {
        Files.writeString(account.resolve("token"), "t0ken\n");
        Files.writeString(account.resolve("namespace"), "shop\n");
        Files.writeString(account.resolve("ca.crt"), "");
    }

    @ParameterizedTest
    @CsvSource({
        "10.96.0.1, 443, https://10.96.0.1:443",
        "10.96.0.1,, https://10.96.0.1:443",
        "fd00::1, 6443, https://[fd00::1]:6443",
        "kubernetes.default.svc, 443, https://kubernetes.default.svc:443"
    })
    void findsTheApiServerOfItsCluster(String host, String port, String apiServer) {
        Map<String, String> environment = port == null
                ? Map.of("KUBERNETES_SERVICE_HOST", host)
                : Map.of("KUBERNETES_SERVICE_HOST", host, "KUBERNETES_SERVICE_PORT", port);
        KubernetesOptions options = KubernetesOptions.inCluster(environment, account);
        assertThat(options)
                .isEqualTo(KubernetesOptions.of(URI.create(apiServer), "shop")
                        .withToken(account.resolve("token"))
                        .withCa(account.resolve("ca.crt")));
    }

    @Test
    void saysThatThisIsNoPod() {
        assertThatThrownBy(() -> KubernetesOptions.inCluster(Map.of(), account))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageStartingWith("KUBERNETES_SERVICE_HOST: null (expected: to be set, as in every pod");
    }

    @Test
    void saysThatThePodHasNoServiceAccount() throws IOException {
        Files.delete(account.resolve("token"));
        assertThatThrownBy(() -> KubernetesOptions.inCluster(Map.of("KUBERNETES_SERVICE_HOST", "10.96.0.1"), account))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageContaining("token: " + account.resolve("token"))
                .hasMessageContaining("automountServiceAccountToken");
    }

    @Test
    void saysThatThereIsNoNamespace() throws IOException {
        Files.delete(account.resolve("namespace"));
        assertThatThrownBy(() -> KubernetesOptions.inCluster(Map.of("KUBERNETES_SERVICE_HOST", "10.96.0.1"), account))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageContaining("namespace: " + account.resolve("namespace"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://10.96.0.1",
                "https://user:secret@10.96.0.1",
                "https://10.96.0.1?limit=1",
                "https://10.96.0.1#here",
                "localhost:443",
                "https:///path"
            })
    void refusesWhatIsNoApiServer(String uri) {
        assertThatThrownBy(() -> OPTIONS.withApiServer(URI.create(uri)))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageContaining("apiServer: ")
                .hasMessageNotContaining("secret");
    }

    @Test
    void keepsThePathOfAProxy() {
        assertThat(OPTIONS.withApiServer(URI.create("https://rancher.example/k8s/clusters/c-1/"))
                        .apiServer())
                .hasToString("https://rancher.example/k8s/clusters/c-1");
    }

    @Test
    void showsATokenInPlaintextToThisMachineAlone() {
        KubernetesOptions withToken = OPTIONS.withToken(Path.of("token"));
        assertThat(withToken.withApiServer(URI.create("http://127.0.0.1:8001")).token())
                .isNotNull();
        assertThatThrownBy(() -> withToken.withApiServer(URI.create("http://10.96.0.1:8001")))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageContaining("plaintext");
        assertThat(OPTIONS.withApiServer(URI.create("http://10.96.0.1:8001")).token())
                .isNull();
    }

    static Stream<Arguments> outOfRange() {
        return Stream.of(
                Arguments.of("namespace", (UnaryOperator<KubernetesOptions>) options -> options.withNamespace("Shop")),
                Arguments.of("namespace", (UnaryOperator<KubernetesOptions>) options -> options.withNamespace("a/b")),
                Arguments.of("requestTimeout", (UnaryOperator<KubernetesOptions>)
                        options -> options.withRequestTimeout(Duration.ofMillis(99))),
                Arguments.of("requestTimeout", (UnaryOperator<KubernetesOptions>)
                        options -> options.withRequestTimeout(Duration.ofSeconds(31))),
                Arguments.of("watchTimeout", (UnaryOperator<KubernetesOptions>)
                        options -> options.withWatchTimeout(Duration.ofMillis(999))),
                Arguments.of("watchTimeout", (UnaryOperator<KubernetesOptions>)
                        options -> options.withWatchTimeout(Duration.ofMinutes(61))),
                Arguments.of("linger", (UnaryOperator<KubernetesOptions>)
                        options -> options.withLinger(Duration.ofMillis(-1))),
                Arguments.of("apiServer", (UnaryOperator<KubernetesOptions>)
                        options -> options.withCa(Path.of("ca.crt")).withApiServer(URI.create("http://10.96.0.1"))));
    }

    @ParameterizedTest
    @MethodSource("outOfRange")
    void refusesWhatIsOutOfItsRange(String name, UnaryOperator<KubernetesOptions> change) {
        assertThatThrownBy(() -> change.apply(OPTIONS))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageStartingWith(name + ": ");
    }
}
