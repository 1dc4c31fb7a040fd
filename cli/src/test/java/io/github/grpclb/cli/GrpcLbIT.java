package io.github.grpclb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.RawEtcd;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Shows each command against a real etcd. */
class GrpcLbIT {

    private final EtcdServer etcd = EtcdServers.start();
    private String out = "";
    private String errors = "";

    @BeforeEach
    void register() {
        try (RawEtcd raw = new RawEtcd(etcd.endpoint())) {
            for (int i = 1; i <= 2; i++) {
                raw.put(
                        "/grpclb/greeter/10.0.0." + i + ":9090",
                        "{\"Op\":0,\"Addr\":\"10.0.0." + i + ":9090\",\"Metadata\":{\"id\":\"s" + i
                                + "\",\"state\":\"up\",\"weight\":5,\"zone\":\"z" + i + "\"}}");
            }
            raw.put("/grpclb/users/10.0.1.1:9090", "10.0.1.1:9090");
        }
    }

    @AfterEach
    void close() {
        etcd.close();
    }

    @Test
    void listsServicesAndServers() {
        assertThat(run("services")).as(() -> errors).isZero();
        assertThat(out.lines()).containsExactly("SERVICE  SERVERS", "greeter  2", "users    1");
        assertThat(run("servers", "greeter")).isZero();
        assertThat(out).contains("10.0.0.1:9090", "s2", "z2", "up");
        assertThat(run("servers", "nobody")).isEqualTo(1);
        assertThat(errors).contains("nobody: no server is registered");
        assertThat(run("services", "--json")).isZero();
        assertThat(out.lines()).contains("{\"service\":\"greeter\",\"servers\":2}");
    }

    @Test
    void overridesAndTakesBack() {
        assertThat(run("weight", "greeter/s1", "0", "--for=10m", "--why=it is slow", "--author=me"))
                .as(() -> errors)
                .isZero();
        assertThat(run("explain", "greeter")).isZero();
        assertThat(out)
                .contains("no new calls: weight 0 while others have more", "by me", "it is slow", "weight 5 of 5");
        assertThat(run("overrides", "--json")).isZero();
        assertThat(out).contains("\"target\":\"greeter/s1\"", "\"effect\":\"weight 0\"", "\"author\":\"me\"");
        String name = out.replaceAll("(?s).*\"name\":\"([^\"]*)\".*", "$1");
        assertThat(run("undo", "greeter/" + name)).as(() -> errors).isZero();
        assertThat(run("undo", "greeter/" + name)).isEqualTo(1);
        assertThat(errors).contains("there is no such override");
        assertThat(run("overrides")).isZero();
        assertThat(out.lines()).hasSize(1);
    }

    @Test
    void refusesToLeaveNobody() {
        assertThat(run("disable", "greeter", "--for=1m", "--why=an incident")).isEqualTo(1);
        assertThat(errors).contains("force");
        assertThat(run("drain", "greeter", "--for=1m", "--why=an incident", "--force"))
                .as(() -> errors)
                .isZero();
        assertThat(run("servers", "greeter")).isZero();
        assertThat(out).contains("disabled");
    }

    @Test
    void putsPoliciesAndSplits() {
        assertThat(run("policy", "greeter", "least_request", "--for=1m", "--why=a trial"))
                .as(() -> errors)
                .isZero();
        assertThat(run("split", "greeter", "version", "v2=5", "--for=1m", "--why=a canary"))
                .as(() -> errors)
                .isZero();
        assertThat(run("servers", "greeter")).isZero();
        assertThat(out).contains("policy least_request by ", "split by version {v2=5.0} by ");
    }

    @Test
    void refusesWhatIsNotThere() {
        assertThat(run("weight", "greeter/s9", "1", "--for=1m", "--why=x")).isEqualTo(1);
        assertThat(errors).contains("greeter/s9: no server of that kind is registered");
        assertThat(run("weight", "greeter/s1", "many", "--for=1m", "--why=x")).isEqualTo(2);
        assertThat(run("weight", "greeter/s1", "1", "--why=x")).isEqualTo(2);
        assertThat(errors).contains("--for is missing");
        assertThat(run("weight", "greeter/s1", "1", "--for=1m")).isEqualTo(2);
        assertThat(errors).contains("--why is missing");
        assertThat(run("weight", "greeter/s1", "1", "--for=30d", "--why=x")).isEqualTo(2);
        assertThat(errors).contains("--for=30d (expected: 1s to 7d)");
        assertThat(run("dance")).isEqualTo(2);
        assertThat(errors).contains("unknown command 'dance'");
    }

    @Test
    void watches() {
        assertThat(run("watch", "greeter", "--for=2s")).isZero();
        assertThat(out).contains("there: 10.0.0.1:9090 s1 up weight 5");
    }

    @Test
    void saysThatEtcdIsAway() {
        etcd.close();
        assertThat(run("services", "--timeout=1s")).isEqualTo(1);
        assertThat(errors).contains("grpclb: ").contains(etcd.endpoint().toString());
    }

    private int run(String... args) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--etcd=" + etcd.endpoint());
        int code = GrpcLb.run(
                new PrintStream(said, true, StandardCharsets.UTF_8),
                new PrintStream(complained, true, StandardCharsets.UTF_8),
                Map.of("USER", "somebody"),
                all.toArray(String[]::new));
        out = said.toString(StandardCharsets.UTF_8);
        errors = complained.toString(StandardCharsets.UTF_8);
        return code;
    }
}
