package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@FaultRow(49)
class EtcdOptionsTest {

    private static final String PASSWORD = "canary-s3cret";

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:2379, http://127.0.0.1:2379",
        "http://etcd, http://etcd:2379",
        "HTTP://etcd:1/, http://etcd:1",
        "http://[::1]:2379, http://[::1]:2379",
        "http://[fd00::1], http://[fd00::1]:2379",
        "http://etcd_1:2379, http://etcd_1:2379"
    })
    void normalisesEndpoints(String given, String expected) {
        assertThat(EtcdOptions.of(given).endpoints()).containsExactly(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "127.0.0.1:2379",
                "etcd",
                "ftp://etcd:2379",
                "http://",
                "http://etcd:0",
                "http://etcd:65536",
                "http://etcd:x",
                "http://etcd:2379/path",
                "http://etcd:2379?x=1",
                "http://a b:2379"
            })
    void namesABadEndpoint(String endpoint) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EtcdOptions.of(endpoint))
                .withMessage("endpoints: '" + endpoint + "' (expected: http://host:port or https://host:port)");
    }

    @Test
    void refusesUserInfoWithoutRepeatingIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EtcdOptions.of("http://user:" + PASSWORD + "@etcd:2379"))
                .withMessageContaining("***@etcd:2379")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain(PASSWORD));
    }

    @Test
    void neverSpeaksPlaintextWhereHttpsIsSaid() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EtcdOptions.of("https://etcd:2379"))
                .withMessageContaining("TLS");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EtcdOptions.of("https://a:2379", "http://b:2379"))
                .withMessageContaining("all http or all https");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options("http://etcd", "/p/", null, null, () -> EtcdTls.DEFAULT))
                .withMessageContaining("https");
    }

    @Test
    void refusesNoEndpoints() {
        assertThatIllegalArgumentException().isThrownBy(EtcdOptions::of).withMessageStartingWith("endpoints: [] ");
    }

    @ParameterizedTest
    @CsvSource({
        "/grpclb/, /grpclb/",
        "/grpclb, /grpclb/",
        "grpclb, grpclb/",
        "a//b, a//b/",
        "/, /",
        "'', ''",
        "' ', ''",
        "/microservices, /microservices/"
    })
    void takesThePrefixAsWritten(String given, String expected) {
        assertThat(options("http://etcd", given, null, null, null).prefix()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a/../b", "a\nb", "..", "/./"})
    void namesABadPrefix(String prefix) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options("http://etcd", prefix, null, null, null))
                .withMessageStartingWith("prefix: '");
    }

    @Test
    void wantsUserAndPasswordTogether() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options("http://etcd", "/", "user", null, null))
                .withMessageStartingWith("password: null ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options("http://etcd", "/", null, PASSWORD, null))
                .withMessageStartingWith("username: null ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options("http://etcd", "/", "user", "", null))
                .withMessageStartingWith("password: '' ");
    }

    @ParameterizedTest
    @CsvSource({
        "http://etcd, true",
        "http://10.0.0.1, true",
        "http://localhost.example, true",
        "http://127.0.0.1, false",
        "http://[::1], false",
        "http://localhost, false"
    })
    void knowsWhereCredentialsCanBeRead(String endpoint, boolean shown) {
        assertThat(options(endpoint, "/", "user", PASSWORD, null).showsCredentials())
                .isEqualTo(shown);
        assertThat(EtcdOptions.of(endpoint).showsCredentials()).isFalse();
    }

    @Test
    void showsNoPassword() {
        assertThat(options("http://etcd", "/", "user", PASSWORD, null).toString())
                .contains("user", "***")
                .doesNotContain(PASSWORD);
    }

    private static EtcdOptions options(
            String endpoint, String prefix, String username, String password, EtcdOptions.TlsSource tls) {
        return new EtcdOptions(List.of(endpoint), prefix, username, password, tls, Duration.ofSeconds(3));
    }
}
