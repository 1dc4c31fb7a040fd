package io.github.grpclb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.override.Override.Selector;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shows how command lines are read, and that what cannot be understood is told with what was expected. */
class CommandLineTest {

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    @Test
    void readsWordsAndOptions() {
        CommandLine line = CommandLine.parse("weight", "greeter/s1", "0", "--for=10m", "--why=it is slow", "--force");
        assertThat(line.command()).isEqualTo("weight");
        assertThat(line.words("TARGET", "N")).containsExactly("greeter/s1", "0");
        assertThat(line.time("for")).contains(Duration.ofMinutes(10));
        assertThat(line.text("why")).contains("it is slow");
        assertThat(line.has("force")).isTrue();
        assertThat(line.has("json")).isFalse();
    }

    @Test
    void readsTargets() {
        assertThat(Target.parse("greeter")).isEqualTo(new Target("greeter", new Selector.All()));
        assertThat(Target.parse("greeter/10.0.0.1:9090"))
                .isEqualTo(new Target("greeter", new Selector.Server("10.0.0.1:9090")));
        assertThat(Target.parse("greeter/zone=z1")).isEqualTo(new Target("greeter", new Selector.Zone("z1")));
        assertThat(Target.parse("greeter/version=v2")).isEqualTo(new Target("greeter", new Selector.Version("v2")));
        assertThatThrownBy(() -> Target.parse("greeter/")).isInstanceOf(UsageException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "services --colour              | unknown option --colour",
                "services --json=1              | --json=1 (expected: --json)",
                "services --etcd                | --etcd (expected: --etcd=…)",
                "services --json --json         | --json is given twice",
                "services --timeout=soon        | --timeout=soon (expected: a time such as 30s, 10m, 2h or 1d)",
                "services --etcd=ftp://host     | endpoints: 'ftp://host' (expected: http://host:port or https://host:port)",
                "services --cacert=/nowhere     | --cacert=/nowhere (expected: a file that can be read)",
                "services --prefix=/a/../b      | prefix: '/a/../b' (expected: ",
                "services --overrides-prefix=/. | --overrides-prefix: '/.' (expected: a prefix of visible characters",
                "services --consumers-prefix=/. | --consumers-prefix: '/.' (expected: 1 to 255 visible characters",
                "services --cert=pom.xml        | --cert and --key (expected: both, or neither)",
                "services --user=a:b            | --user has a password in it",
                "services --user=a              | there is no password for a (expected: in ETCDCTL_PASSWORD)",
            })
    void saysWhatWasExpected(String line, String message) {
        int code = GrpcLb.run(
                System.out, new PrintStream(errors, true, StandardCharsets.UTF_8), Map.of(), line.split(" "));
        assertThat(errors.toString(StandardCharsets.UTF_8)).contains(message);
        assertThat(code).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "--overrides-prefix, /a/, --prefix, /a/",
        "--overrides-prefix, /a/b/, --prefix, /a/",
        "--overrides-prefix, /a/, --prefix, /a/b/",
        "--consumers-prefix, /a/, --prefix, /a/",
        "--consumers-prefix, /a/b/, --prefix, /a/",
        "--consumers-prefix, /a/, --prefix, /a/b/",
        "--consumers-prefix, /a/, --overrides-prefix, /a/",
        "--consumers-prefix, /a/b/, --overrides-prefix, /a/",
        "--consumers-prefix, /a/, --overrides-prefix, /a/b/",
        "--consumers-prefix, /grpclb-overrides/, '', /grpclb-overrides/",
    })
    void refusesPrefixesThatOverlap(String option, String value, String other, String otherValue) {
        List<String> args = new ArrayList<>(List.of("services", option + "=" + value));
        if (!other.isEmpty()) {
            args.add(other + "=" + otherValue);
        }
        int code = GrpcLb.run(
                System.out,
                new PrintStream(errors, true, StandardCharsets.UTF_8),
                Map.of(),
                args.toArray(String[]::new));
        assertThat(errors.toString(StandardCharsets.UTF_8))
                .contains(option + ": '" + value + "' (expected: a prefix apart from "
                        + (other.isEmpty() ? "--overrides-prefix" : other) + ", which is '" + otherValue
                        + "': neither may begin with the other)");
        assertThat(code).isEqualTo(2);
    }
}
