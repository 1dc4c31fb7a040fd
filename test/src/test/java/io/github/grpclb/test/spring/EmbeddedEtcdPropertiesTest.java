package io.github.grpclb.test.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.test.TestEtcd;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

/** Who has the last word about a property: the test, what the embedded etcd needs, the application, what makes tests fast. */
class EmbeddedEtcdPropertiesTest {

    private static final TestEtcd ETCD = new TestEtcd(URI.create("http://127.0.0.1:1"), "/test-1/");

    private final StandardEnvironment environment = new StandardEnvironment();

    @Test
    void saysWhereEtcdIsWhateverTheApplicationSays() {
        application(Map.of(
                "grpc.lb.etcd.endpoints",
                "https://etcd:2379",
                "grpc.lb.etcd.prefix",
                "/live/",
                "grpc.lb.etcd.username",
                "me",
                "grpc.lb.etcd.ssl.bundle",
                "etcd",
                "grpc.lb.etcd.embedded.enabled",
                "true",
                "grpc.lb.snapshot.directory",
                "/var/lib/x"));
        add();
        assertThat(value("grpc.lb.etcd.endpoints")).isEqualTo("http://127.0.0.1:1");
        assertThat(value("grpc.lb.etcd.prefix")).isEqualTo("/test-1/");
        assertThat(value("grpc.lb.etcd.overrides-prefix")).isEqualTo("/overrides/test-1/");
        assertThat(value("grpc.lb.etcd.username")).isEmpty();
        assertThat(value("grpc.lb.etcd.ssl.bundle")).isEmpty();
        assertThat(value("grpc.lb.etcd.embedded.enabled")).isEqualTo("false");
        assertThat(value("grpc.lb.snapshot.directory")).isEmpty();
    }

    @Test
    void theTestHasTheLastWord() {
        environment
                .getPropertySources()
                .addFirst(new MapPropertySource(
                        "Inlined Test Properties",
                        Map.of("grpc.lb.etcd.prefix", "/mine/", "grpc.server.port", "9090")));
        add();
        assertThat(value("grpc.lb.etcd.prefix")).isEqualTo("/mine/");
        assertThat(value("grpc.server.port")).isEqualTo("9090");
        assertThat(value("grpc.lb.etcd.endpoints")).isEqualTo("http://127.0.0.1:1");
    }

    @Test
    void systemPropertiesAreTheApplications() {
        environment
                .getPropertySources()
                .replace(
                        StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME,
                        new MapPropertySource(
                                StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME,
                                Map.of("grpc.lb.etcd.endpoints", "https://etcd:2379")));
        add();
        assertThat(value("grpc.lb.etcd.endpoints")).isEqualTo("http://127.0.0.1:1");
    }

    @Test
    void stopsAtOnceUnlessTheApplicationSaysOtherwise() {
        application(Map.of("grpc.lb.registration.drain.quiet-period", "3s"));
        add();
        assertThat(value("grpc.lb.registration.drain.quiet-period")).isEqualTo("3s");
        assertThat(value("grpc.lb.registration.drain.stream-grace")).isEqualTo("0s");
        assertThat(value("grpc.client.GLOBAL.shutdown-grace-period")).isEqualTo("0s");
    }

    @ParameterizedTest
    @CsvSource({
        "grpc.server.port, 9090, 0",
        "grpc.server.port, -1, -1",
        "grpc.server.port, , 0",
        "spring.grpc.server.port, 9090, 0"
    })
    void takesAFreePortUnlessThereIsToBeNone(String property, String said, String used) {
        if (said != null) {
            application(Map.of(property, said));
        }
        add();
        assertThat(value(property)).isEqualTo(used);
    }

    @ParameterizedTest
    @CsvSource({"*, 127.0.0.1", "'', 127.0.0.1", "0.0.0.0, 127.0.0.1", "::, 127.0.0.1", "10.1.2.3, ''", "localhost, ''"
    })
    void announcesThisMachineUnlessTheServerIsBoundToOneAddress(String bound, String announced) {
        application(Map.of(
                "grpc.server.address",
                bound,
                "grpc.lb.registration.host",
                "example.com",
                "grpc.lb.registration.port",
                443));
        add();
        assertThat(value("grpc.lb.registration.host")).isEqualTo(announced);
        assertThat(value("grpc.lb.registration.port")).isEmpty();
    }

    @Test
    void goesFirstWhereThereAreNoSystemProperties() {
        environment.getPropertySources().remove(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);
        application(Map.of("grpc.lb.etcd.prefix", "/live/"));
        add();
        assertThat(value("grpc.lb.etcd.prefix")).isEqualTo("/test-1/");
    }

    private void application(Map<String, Object> properties) {
        environment.getPropertySources().addLast(new MapPropertySource("application.yml", properties));
    }

    private void add() {
        EmbeddedEtcdProperties.of(ETCD, environment).addTo(environment);
    }

    private String value(String property) {
        return environment.getProperty(property);
    }
}
