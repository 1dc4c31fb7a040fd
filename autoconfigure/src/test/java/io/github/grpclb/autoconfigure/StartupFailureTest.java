package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.testing.FaultRow;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.core.io.support.SpringFactoriesLoader.FailureHandler;

/** What is misconfigured ends the start with the property, its value, what was expected and what to do. */
@ExtendWith(OutputCaptureExtension.class)
@FaultRow(49)
class StartupFailureTest {

    /** Those that need a context are Spring's own. */
    private static final FailureHandler UNMADE = (type, name, failure) -> {};

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            grpc.lb.policy=weighted_randon                | grpc.lb.policy                  | "weighted_randon" | one of consistent_hash, least_request, peak_ewma
            grpc.lb.clients.greeter.policy=x              | grpc.lb.clients.greeter.policy  | "x"               | one of consistent_hash
            grpc.lb.policy-options.nearest.zone=z1        | grpc.lb.policy-options.nearest.zone | "z1"          | an option of one of the policies consistent_hash
            grpc.lb.clients.a.policy-options.random.x=1   | grpc.lb.clients.a.policy-options.random.x | "1"     | no options: the policy random takes none
            grpc.lb.least-request.choice-count=99         | grpc.lb.least-request.choice-count | "99.0"         | a whole number from 2 to 10
            grpc.lb.stale-max=-1s                         | grpc.lb.stale-max               | "-1000ms"         | 0 to 365d
            grpc.lb.registration.weight=-1                | grpc.lb.registration.weight     | "-1"              | 0 to 1000000
            grpc.lb.registration.ttl=1s                   | grpc.lb.registration.ttl        | "1000ms"          | 2s to 1h
            grpc.lb.etcd.endpoints=http://localhost:x     | grpc.lb.etcd.endpoints          | localhost:x       | http://host:port
            grpc.lb.etcd.endpoints=ftp://localhost:2379   | grpc.lb.etcd.endpoints          | ftp://            | http://host:port
            grpc.lb.etcd.endpoints=http://u:pw@localhost  | grpc.lb.etcd.endpoints          | ***@localhost     | user and password
            grpc.lb.etcd.endpoints=https://localhost:2379 | grpc.lb.etcd.ssl.bundle         | (not set)         | name of an SSL bundle
            grpc.lb.etcd.ssl.bundle=nowhere               | grpc.lb.etcd.ssl.bundle         | "nowhere"         | name of an SSL bundle
            grpc.lb.etcd.username=svc                     | grpc.lb.etcd.password           | (not set)         | both username and password
            grpc.lb.snapshot.directory=/dev/null/x        | grpc.lb.snapshot.directory      | "/dev/null/x"     | that this process can make and write to
            grpc.lb.snapshot.directory=a\0b               | grpc.lb.snapshot.directory      | "a                | the path of a directory
            grpc.lb.etcd.allowed-cidrs=10.0.0.0/33        | grpc.lb.etcd.allowed-cidrs      | 33                | 0 to 32 for IPv4
            grpc.lb.etcd.allowed-cidrs=10.0.0.0           | grpc.lb.etcd.allowed-cidrs      | "10.0.0.0"        | such as 10.0.0.0/8
            grpc.lb.etcd.max-endpoints=0                  | grpc.lb.etcd.max-endpoints      | "0"               | at least 1
            grpc.lb.etcd.endpoints=http://a:1,https://b:1 | grpc.lb.etcd.ssl.bundle         | (not set)         | as grpc.lb.etcd.endpoints says https
            grpc.lb.etcd.endpoints=http://[::1:2379       | grpc.lb.etcd.endpoints          | http://[::1:2379  | http://host:port
            grpc.lb.etcd.prefix=/a b/                     | grpc.lb.etcd.prefix             | /a b/             | visible characters
            grpc.lb.etcd.overrides-prefix=/grpclb/x       | grpc.lb.etcd.overrides-prefix   | "/grpclb/x/"      | apart from grpc.lb.etcd.prefix, which is '/grpclb/'
            grpc.lb.etcd.overrides-prefix=/a b/           | grpc.lb.etcd.overrides-prefix   | "/a b/"           | visible characters
            grpc.lb.etcd.password=canary                  | grpc.lb.etcd.username           | (not set)         | both username and password
            grpc.lb.etcd.endpoints=null                   | grpc.lb.etcd.endpoints          | "null"            | http://host:port
            grpc.lb.etcd.prefix='it's mine'               | grpc.lb.etcd.prefix             | "'it's mine'"     | visible characters
            grpc.lb.registration.ttl=2h                   | grpc.lb.registration.ttl        | "7200000ms"       | 2s to 1h
            grpc.lb.registration.port=65536               | grpc.lb.registration.port       | "65536"           | 1 to 65535
            grpc.lb.registration.preferred-networks=eth0  | grpc.lb.registration.preferred-networks | "eth0"    | such as 10.0.0.0/8
            grpc.lb.registration.services=a,b c           | grpc.lb.registration.services[1] | "b c"            | visible characters
            grpc.lb.registration.host=0.0.0.0             | grpc.lb.registration.host       | "0.0.0.0"         | IP address or host name
            grpc.lb.panic-threshold=101                   | grpc.lb.panic-threshold         | "101.0"           | 0 to 100
            grpc.lb.etcd.startup-timeout=0s               | grpc.lb.etcd.startup-timeout    | "0ms"             | more than 0, to 1h
            grpc.lb.static.greeter=localhost              | grpc.lb.static.greeter          | "localhost"       | 127.0.0.1:8009
            """)
    void namesThePropertyItsValueAndWhatWasExpected(String property, String name, String value, String expected) {
        FailureAnalysis analysis = analysisOf(property);
        assertThat(analysis.getDescription())
                .contains("Property: " + name)
                .contains(value)
                .contains(expected);
        assertThat(analysis.getDescription()).doesNotContain("pw", "canary");
        assertThat(analysis.getAction()).isNotBlank();
    }

    @ParameterizedTest
    @ValueSource(classes = {TwoBeansOfOneName.class, NameOfABuiltIn.class})
    void namesTheBeansThatHaveTheNameOfOneAnother(Class<?> application, CapturedOutput output) {
        assertThatThrownBy(() -> TestApplications.client(application)).isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START", "Property: grpc.lb.policy", "has this one")
                .containsPattern("Value: \"(last_by_id|random)\"")
                .containsPattern("Expected: another name for .*" + Named.class.getSimpleName());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "grpc.lb.registration.weight=heavy",
                "grpc.lb.registration.ttl=soon",
                "grpc.lb.registration.drain.quiet-period=x",
                "grpc.lb.etcd.fail-fast=perhaps",
                "grpc.lb.etcd.startup-timeout=-"
            })
    void leavesValuesOfAnotherTypeToSpring(String property, CapturedOutput output) {
        assertThatThrownBy(() -> TestApplications.client(property)).isNotNull();
        String[] parts = property.split("=");
        assertThat(output)
                .contains("APPLICATION FAILED TO START", "Property: " + parts[0], "Value: \"" + parts[1] + "\"");
    }

    @Test
    void namesTheRangeOfASnapshotsAge(@TempDir Path directory) {
        FailureAnalysis analysis =
                analysisOf("grpc.lb.snapshot.directory=" + directory, "grpc.lb.snapshot.max-age=59s");
        assertThat(analysis.getDescription())
                .contains("Property: grpc.lb.snapshot.max-age", "\"59000ms\"", "1m to 30d");
    }

    @Test
    void saysThatEtcdIsAwayWhenItIsToFailFast() {
        FailureAnalysis analysis = analysisOf(
                "grpc.lb.etcd.fail-fast=true",
                "grpc.lb.etcd.endpoints=http://127.0.0.1:1",
                "grpc.lb.etcd.startup-timeout=2s",
                "grpc.lb.etcd.username=svc",
                "grpc.lb.etcd.password=canary");
        assertThat(analysis.getDescription())
                .contains("grpc.lb.etcd.endpoints", "http://127.0.0.1:1", "Connection refused")
                .doesNotContain("canary");
    }

    @Test
    void aServerWithoutANameDoesNotStart() {
        assertThatThrownBy(() -> TestApplications.server("grpc.lb.registration.service="))
                .rootCause()
                .isInstanceOf(InvalidPropertyException.class)
                .hasMessageStartingWith("grpc.lb.registration.service");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            service=a//b         | service  | a//b           | visible characters
            host=169.254.1.1     | host     | 169.254.1.1    | link-local
            metadata.weight=3    | metadata | weight         | a name that the record itself does not use
            metadata.state=up    | metadata | state          | a name that the record itself does not use
            """)
    void aServerWhoseRecordNobodyCouldReadDoesNotStart(
            String property, String name, String value, String expected, CapturedOutput output) {
        assertThatThrownBy(() -> TestApplications.server("grpc.lb.registration." + property))
                .isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START", "Property: grpc.lb.registration." + name)
                .containsPattern("Value: .*" + value)
                .containsPattern("Expected: .*" + expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1s", "61m"})
    void namesTheRangeOfTheStreamsGrace(String grace) {
        assertThatThrownBy(() -> TestApplications.server("grpc.lb.registration.drain.stream-grace=" + grace))
                .rootCause()
                .isInstanceOf(InvalidPropertyException.class)
                .hasMessageStartingWith("grpc.lb.registration.drain.stream-grace: ")
                .hasMessageContaining("(expected: 0 to 1 h)");
    }

    @Test
    void reportsTheFailureAsSpringDoes(CapturedOutput output) {
        assertThatThrownBy(() -> TestApplications.client("grpc.lb.policy=x")).isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("Property: grpc.lb.policy")
                .contains("Value: \"x\"")
                .contains("Expected: one of ");
    }

    /** The first that an analyzer of {@code spring.factories} has to say. */
    private static FailureAnalysis analysisOf(String... properties) {
        try {
            TestApplications.client(properties).close();
        } catch (RuntimeException failure) {
            return SpringFactoriesLoader.forDefaultResourceLocation().load(FailureAnalyzer.class, UNMADE).stream()
                    .map(analyzer -> analyzer.analyze(failure))
                    .filter(Objects::nonNull)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("nobody analyzes it", failure));
        }
        throw new AssertionError("the application has started");
    }

    @Configuration(proxyBeanMethods = false)
    @Import(TestApplications.ClientApplicationWithPolicy.class)
    static class TwoBeansOfOneName {

        @Bean
        PolicyFactory factory() {
            return new Named("last_by_id");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(TestApplications.ClientApplication.class)
    static class NameOfABuiltIn {

        @Bean
        PolicyFactory factory() {
            return new Named("random");
        }
    }

    private record Named(String name) implements PolicyFactory {

        @Override
        public Policy create(ConfigFields options) {
            return new TestApplications.LastById();
        }
    }
}
