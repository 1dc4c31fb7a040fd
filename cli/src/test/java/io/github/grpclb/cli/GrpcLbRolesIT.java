package io.github.grpclb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Etcdctl;
import io.github.grpclb.testing.Repository;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows each command against a real etcd with authentication on and the roles that {@code bin/etcd-roles} makes: what each role can do, and
 * that each refusal says who may not do what, where, and which role can.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcLbRolesIT {

    private static final String CANARY = "canary-s3cret";

    private static final String LACKS_OPERATOR =
            "may not change overrides below '/grpclb-overrides/greeter/': it lacks the role greeter-operator "
                    + "(bin/etcd-roles greeter makes it; etcdctl user grant-role %s greeter-operator gives it)";

    private EtcdProcess etcd;
    private Etcdctl root;
    private String out = "";
    private String errors = "";

    @BeforeAll
    void makeRoles() {
        etcd = EtcdServers.startProcess();
        root = new Etcdctl(etcd.endpoint());
        root.script(Repository.file("bin/etcd-roles"), "--consumers", "--viewer", "greeter");
        for (String role : List.of("server", "client", "operator")) {
            root.run("user", "add", role + ":" + CANARY);
            root.run("user", "grant-role", role, "greeter-" + role);
        }
        root.run("user", "add", "viewer:" + CANARY);
        root.run("user", "grant-role", "viewer", "grpclb-viewer");
        root.run("user", "add", "nobody:" + CANARY);
        for (int i = 1; i <= 2; i++) {
            root.run(
                    "put",
                    "/grpclb/greeter/10.0.0." + i + ":9090",
                    "{\"Op\":0,\"Addr\":\"10.0.0." + i + ":9090\",\"Metadata\":{\"id\":\"s" + i
                            + "\",\"state\":\"up\",\"weight\":5,\"zone\":\"z" + i + "\",\"version\":\"v1\"}}");
        }
        root.run("put", "/grpclb/users/10.0.1.1:9090", "10.0.1.1:9090");
        root.run(
                "put",
                "/grpclb-consumers/greeter/pod-1~a",
                "{\"application\":\"front\",\"version\":\"1.2\",\"instance\":\"pod-1\",\"policy\":\"round_robin\",\"servers\":2,\"startedAt\":0}");
        root.enableAuth();
    }

    @AfterEach
    void takeBack() {
        root.run("del", "--prefix", "/grpclb-overrides/");
    }

    @AfterAll
    void close() {
        etcd.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // command                                              operator  client    server    viewer
                "services                                               | denied | denied | denied | greeter  2",
                "overrides                                              | denied | denied | denied | SERVICE",
                "servers greeter                                        | s2     | s2     | s2     | s2",
                "explain greeter                                        | 50.0 % | 50.0 % | 50.0 % | 50.0 %",
                "watch greeter --for=1s                                 | there: | there: | there: | there:",
                "overrides greeter                                      | AUTHOR | AUTHOR | denied | AUTHOR",
                "consumers greeter                                      | pod-1  | pod-1  | pod-1  | pod-1",
                "weight greeter/s1 0 --for=1m --why=slow                | undo   | denied | denied | denied",
                "disable greeter/zone=z1 --for=1m --why=moved           | undo   | denied | denied | denied",
                "drain greeter/10.0.0.1:9090 --for=1m --why=away        | undo   | denied | denied | denied",
                "disable greeter/version=v1 --for=1m --why=bad --force  | undo   | denied | denied | denied",
                "policy greeter least_request --for=1m --why=trial      | undo   | denied | denied | denied",
                "split greeter version v2=5 --for=1m --why=canary       | undo   | denied | denied | denied",
            })
    void eachCommandIsDoneOrDenied(String command, String operator, String client, String server, String viewer) {
        Map<String, String> expected =
                Map.of("operator", operator, "client", client, "server", server, "viewer", viewer);
        expected.forEach((user, what) -> {
            int code = runAs(user, command.split(" "));
            if (what.equals("denied")) {
                assertThat(code).as("%s as %s: %s", command, user, out).isEqualTo(1);
                assertThat(errors)
                        .startsWith("grpclb: etcd's user '" + user + "' may not ")
                        .contains("it lacks the role ", "gives it); etcd denies the access: ");
            } else {
                assertThat(code).as("%s as %s: %s", command, user, errors).isZero();
                assertThat(out).contains(what);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"client", "server"})
    void whoMayNotOverrideIsToldWhoMay(String user) {
        for (String command : List.of(
                "weight greeter/s1 0 --for=1m --why=slow",
                "disable greeter/s1 --for=1m --why=slow",
                "policy greeter least_request --for=1m --why=trial",
                "split greeter version v2=5 --for=1m --why=trial",
                "undo greeter/server-s1")) {
            runAs("operator", "weight", "greeter/s1", "1", "--for=1m", "--why=so that there is one");
            assertThat(runAs(user, command.split(" "))).as(command).isEqualTo(1);
            assertThat(errors)
                    .startsWith("grpclb: etcd's user '" + user + "' " + LACKS_OPERATOR.formatted(user))
                    .contains("permission denied", "/grpclb-overrides/greeter/");
            assertThat(out).isEmpty();
        }
        runAs("operator", "overrides", "greeter", "--json");
        assertThat(out.lines()).singleElement().asString().contains("so that there is one");
    }

    @Test
    void whoSeesNoOverridesIsTold() {
        runAs("operator", "disable", "greeter/s1", "--for=1m", "--why=slow");
        assertThat(runAs("client", "servers", "greeter")).isZero();
        assertThat(out).contains("disabled");
        assertThat(errors).isEmpty();
        for (String command : List.of("servers greeter", "explain greeter", "watch greeter --for=1s")) {
            assertThat(runAs("server", command.split(" "))).as(command).isZero();
            assertThat(out).contains("10.0.0.1:9090").doesNotContain("disabled");
            assertThat(errors)
                    .startsWith(
                            "What is overridden is not seen here. etcd's user 'server' may not read overrides below "
                                    + "'/grpclb-overrides/greeter/': it lacks the role greeter-client");
        }
    }

    @Test
    void undoesWhatTheOperatorPut() {
        runAs("operator", "weight", "greeter/s1", "0", "--for=1m", "--why=slow");
        assertThat(runAs("operator", "undo", "greeter/server-s9")).isEqualTo(1);
        assertThat(errors)
                .isEqualToIgnoringNewLines(
                        "grpclb: greeter/server-s9: there is no such override; did you mean 'server-s1'?");
        assertThat(runAs("operator", "undo", "greeter/server-s1")).isZero();
        assertThat(out).startsWith("greeter/server-s1 is ended.");
        assertThat(runAs("operator", "undo", "greeter/server-s1")).isEqualTo(1);
        assertThat(errors).isEqualToIgnoringNewLines("grpclb: greeter/server-s1: there is no such override");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "services         | read all servers below '/grpclb/'                   | grpclb-viewer    | --viewer SERVICE",
                "overrides        | read all overrides below '/grpclb-overrides/'       | grpclb-viewer    | --viewer SERVICE",
                "servers users    | read servers below '/grpclb/users/'                 | users-client     | users",
                "explain users    | read servers below '/grpclb/users/'                 | users-client     | users",
                "watch users      | read servers below '/grpclb/users/'                 | users-client     | users",
                "overrides users  | read overrides below '/grpclb-overrides/users/'     | users-client     | users",
                "consumers users  | read consumers below '/grpclb-consumers/users/'     | users-operator   | --consumers users",
                "weight users 1 --for=1m --why=x | read servers below '/grpclb/users/'  | users-client     | users",
                "undo users/x     | change overrides below '/grpclb-overrides/users/'   | users-operator   | users",
            })
    void eachDenialSaysWhatWhereAndWhichRole(String command, String what, String role, String script) {
        for (String user : List.of("operator", "nobody")) {
            assertThat(runAs(user, command.split(" "))).isEqualTo(1);
            assertThat(errors)
                    .startsWith("grpclb: etcd's user '" + user + "' may not " + what + ": it lacks the role " + role
                            + " (bin/etcd-roles " + script + " makes it; etcdctl user grant-role " + user + " " + role
                            + " gives it); etcd denies the access: ")
                    .contains("permission denied");
        }
    }

    @Test
    void aMistakenServiceOrServerIsToldWithWhatThereIs() {
        assertThat(runAs("operator", "weight", "greeter/s3", "1", "--for=1m", "--why=x"))
                .isEqualTo(1);
        assertThat(errors)
                .isEqualToIgnoringNewLines("grpclb: greeter/s3: no server of that kind is registered; there are "
                        + "10.0.0.1:9090, 10.0.0.2:9090, s1, s2; did you mean 's1'?");
        assertThat(runAs("operator", "disable", "greeter/zone=zz", "--for=1m", "--why=x"))
                .isEqualTo(1);
        assertThat(errors).contains("greeter/zone=zz: no server of that kind is registered", "; there are z1, z2");
        assertThat(runAs("operator", "disable", "greeter/version=v9", "--for=1m", "--why=x"))
                .isEqualTo(1);
        assertThat(errors).contains("no server of that kind is registered", "; there is v1");
        root.run("user", "grant-role", "operator", "grpclb-viewer");
        root.run("role", "grant-permission", "--prefix=true", "greeter-operator", "read", "/grpclb/");
        try {
            for (String command : List.of("servers", "explain")) {
                assertThat(runAs("operator", command, "greter")).isEqualTo(1);
                assertThat(errors)
                        .isEqualToIgnoringNewLines("grpclb: greter: no server is registered; did you mean 'greeter'?");
            }
            assertThat(runAs("operator", "servers", "something-else")).isEqualTo(1);
            assertThat(errors).isEqualToIgnoringNewLines("grpclb: something-else: no server is registered");
        } finally {
            root.run("role", "revoke-permission", "--prefix=true", "greeter-operator", "/grpclb/");
            root.run("user", "revoke-role", "operator", "grpclb-viewer");
        }
    }

    @Test
    void theLastServersAreKeptUnlessForced() {
        assertThat(runAs("operator", "disable", "greeter", "--for=1m", "--why=x"))
                .isEqualTo(1);
        assertThat(errors).contains("of 2 servers of greeter none would be left", "or --force)");
        assertThat(runAs("operator", "disable", "greeter/s1", "--for=1m", "--why=x"))
                .isZero();
        assertThat(runAs("operator", "weight", "greeter/s2", "0", "--for=1m", "--why=x"))
                .isEqualTo(1);
        assertThat(errors).contains("of 2 servers of greeter none would be left", "or --force)");
        assertThat(runAs("operator", "weight", "greeter/s2", "0", "--for=1m", "--why=x", "--force"))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "weight greeter/s1 0 --for=soon --why=x      | --for=soon (expected: a time such as 30s, 10m, 2h or 1d)",
                "weight greeter/s1 0 --for=10 --why=x        | --for=10 (expected: a time such as 30s, 10m, 2h or 1d)",
                "weight greeter/s1 0 --for=0s --why=x        | --for=0s (expected: 1s to 7d)",
                "weight greeter/s1 0 --for=8d --why=x        | --for=8d (expected: 1s to 7d)",
                "weight greeter/s1 0 --why=x                 | --for is missing (expected: a time such as 10m)",
                "weight greeter/s1 0 --for=1m                | --why is missing (expected: a reason, for whoever asks)",
                "weight greeter/s1 -1 --for=1m --why=x       | weight: -1 (expected: 0 to 1000000)",
                "weight greeter/s1 1.5 --for=1m --why=x      | weight 1.5 (expected: a whole number, 0 to 1000000)",
                "weight greeter/s1 --for=1m --why=x          | weight: 1 words (expected: weight TARGET N)",
                "policy greeter least_requst --for=1m --why=x | policy least_requst; did you mean 'least_request'?",
                "policy greeter/s1 random --for=1m --why=x   | policy greeter/s1 (expected: SERVICE, since it is for all of its servers)",
                "split greeter version v2 --for=1m --why=x   | split v2 (expected: VALUE=PERCENT,…, such as v2=5)",
                "split greeter version v2=101 --for=1m --why=x | 101",
                "undo greeter                                | undo greeter (expected: SERVICE/NAME",
                "service                                     | unknown command 'service'; did you mean 'services'?",
            })
    void whatCannotBeUnderstoodIsBadUsage(String command, String message) {
        assertThat(runAs("operator", command.split(" "))).isEqualTo(2);
        assertThat(errors).startsWith("grpclb: ").contains(message).endsWith("; --help lists the commands\n");
        assertThat(out).isEmpty();
    }

    @Test
    void aWrongPasswordIsToldWithTheUser() {
        assertThat(run(Map.of("ETCDCTL_PASSWORD", "wrong-" + CANARY), "services", "--user=operator"))
                .isEqualTo(1);
        assertThat(errors)
                .startsWith("grpclb: etcd's user 'operator' is not let in with the password in the environment; "
                        + "etcd refuses the credentials: ")
                .contains("authentication failed", "(endpoints: " + etcd.endpoint() + ")")
                .doesNotContain(CANARY);
    }

    @Test
    void anUnknownUserIsToldAlike() {
        assertThat(run(Map.of("ETCDCTL_USER", "stranger:" + CANARY), "services"))
                .isEqualTo(1);
        assertThat(errors).contains("etcd's user 'stranger' is not let in", "authentication failed");
    }

    @Test
    void withoutAUserItIsToldHowToNameOne() {
        assertThat(run(Map.of(), "services")).isEqualTo(1);
        assertThat(errors)
                .startsWith("grpclb: etcd wants a user (expected: --user=NAME, and the password in ETCDCTL_PASSWORD); "
                        + "etcd refuses the credentials: ")
                .contains("user name is empty");
    }

    @Test
    void anEtcdThatIsAwayIsToldWithItsAddress() {
        EtcdProcess gone = EtcdServers.startProcess();
        gone.close();
        for (String command : List.of(
                "services",
                "servers greeter",
                "explain greeter",
                "overrides",
                "consumers greeter",
                "watch greeter",
                "weight greeter/s1 0 --for=1m --why=x",
                "undo greeter/server-s1")) {
            List<String> args = new ArrayList<>(List.of(command.split(" ")));
            args.add("--timeout=1s");
            args.add("--etcd=" + gone.endpoint());
            assertThat(run(Map.of("ETCDCTL_USER", "operator:" + CANARY), args.toArray(String[]::new)))
                    .as(command)
                    .isEqualTo(1);
            assertThat(errors)
                    .startsWith("grpclb: etcd unreachable: Connection refused")
                    .contains("(endpoints: " + gone.endpoint() + ")");
        }
    }

    /** As {@code bin/grpclb} starts it: with its own class path and its own logging. */
    @ParameterizedTest
    @CsvSource({
        "operator, '', 0, greeter/server-s1: weight 0",
        "client, '', 1, it lacks the role greeter-operator",
        "operator, wrong-, 1, is not let in with the password in the environment",
    })
    void theProgramSaysTheSameAndNoSecret(String user, String before, int code, String said) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-jar",
                        Repository.file("cli/target/grpc-lb-cli.jar").toString(),
                        "weight",
                        "greeter/s1",
                        "0",
                        "--for=1m",
                        "--why=slow")
                .redirectErrorStream(true);
        builder.environment().put("ETCDCTL_ENDPOINTS", etcd.endpoint().toString());
        builder.environment().put("ETCDCTL_USER", user);
        builder.environment().put("ETCDCTL_PASSWORD", before + CANARY);
        Process program = builder.start();
        String told = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(told).contains(said).doesNotContain(CANARY, "\tat ", "WARN");
        assertThat(program.waitFor()).as(told).isEqualTo(code);
    }

    private int runAs(String user, String... args) {
        return run(Map.of("ETCDCTL_USER", user, "ETCDCTL_PASSWORD", CANARY), args);
    }

    private int run(Map<String, String> environment, String... args) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("USER", "somebody");
        all.put("ETCDCTL_ENDPOINTS", etcd.endpoint().toString());
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        int code = GrpcLb.run(
                new PrintStream(said, true, StandardCharsets.UTF_8),
                new PrintStream(complained, true, StandardCharsets.UTF_8),
                all,
                args);
        out = said.toString(StandardCharsets.UTF_8);
        errors = complained.toString(StandardCharsets.UTF_8);
        assertThat(out + errors).doesNotContain(CANARY);
        return code;
    }
}
