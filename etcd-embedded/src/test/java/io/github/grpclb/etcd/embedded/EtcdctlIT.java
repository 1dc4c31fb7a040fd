package io.github.grpclb.etcd.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded etcd, used with etcd's own command line client. */
class EtcdctlIT {

    private static final Pattern GRANTED = Pattern.compile("lease ([0-9a-f]+) granted with TTL\\((\\d+)s\\)");

    @TempDir
    Path directory;

    private EmbeddedEtcd etcd;

    @BeforeEach
    void start() {
        if (EtcdProcess.etcdctl().isEmpty()) {
            EtcdServers.missing("etcdctl is not on the PATH");
        }
        etcd = EmbeddedEtcd.start("127.0.0.1", 0);
    }

    @AfterEach
    void stop() {
        if (etcd != null) {
            etcd.close();
        }
    }

    @Test
    void putsGetsAndDeletes() {
        assertThat(etcdctl("put", "/s/a", "1")).isEqualTo("OK\n");
        etcdctl("put", "/s/b", "2");
        etcdctl("put", "/t/c", "3");
        etcdctl("put", "/s/a", "4");

        assertThat(etcdctl("get", "--prefix", "/s/")).isEqualTo("/s/a\n4\n/s/b\n2\n");
        assertThat(etcdctl("get", "/s/a", "--rev=2", "--print-value-only")).isEqualTo("1\n");
        assertThat(etcdctl("get", "--from-key", "/s/b", "--limit=1", "--keys-only"))
                .isEqualTo("/s/b\n\n");
        assertThat(etcdctl("get", "--prefix", "", "--sort-by=MODIFY", "--order=DESCEND", "--limit=1"))
                .isEqualTo("/s/a\n4\n");
        assertThat(etcdctl("del", "--prefix", "/s/")).isEqualTo("2\n");
        assertThat(etcdctl("get", "--prefix", "", "--keys-only")).isEqualTo("/t/c\n\n");
    }

    @Test
    void doesTransactions() throws Exception {
        Path script = Files.writeString(directory.resolve("txn"), "create(\"a\") = \"0\"\n\nput a 1\n\nget a\n\n");

        assertThat(etcdctlReading(script, "txn")).isEqualTo("SUCCESS\n\nOK\n");
        assertThat(etcdctlReading(script, "txn")).isEqualTo("FAILURE\n\na\n1\n");
    }

    @Test
    void grantsListsAndRevokesLeases() {
        Matcher granted = GRANTED.matcher(etcdctl("lease", "grant", "30"));
        assertThat(granted.find()).isTrue();
        String lease = granted.group(1);
        etcdctl("put", "a", "1", "--lease=" + lease);

        assertThat(granted.group(2)).isEqualTo("30");
        assertThat(etcdctl("lease", "list")).isEqualTo("found 1 leases\n" + lease + "\n");
        assertThat(etcdctl("lease", "keep-alive", "--once", lease)).contains("keepalived with TTL(30)");
        assertThat(etcdctl("lease", "timetolive", "--keys", lease)).contains("granted with TTL(30s)", "[a]");
        assertThat(etcdctl("lease", "revoke", lease)).contains("revoked");
        assertThat(etcdctl("get", "a")).isEmpty();
    }

    @Test
    void watches() throws Exception {
        etcdctl("put", "/s/a", "1");
        Path output = directory.resolve("watch");
        Process watch = command("watch", "--prefix", "/s/", "--rev=2")
                .redirectOutput(output.toFile())
                .start();
        try {
            await().until(() -> Files.readString(output).equals("PUT\n/s/a\n1\n"));

            etcdctl("put", "/t/b", "2");
            etcdctl("del", "/s/a");

            await().until(() -> Files.readString(output).equals("PUT\n/s/a\n1\nDELETE\n/s/a\n\n"));
        } finally {
            watch.destroyForcibly().waitFor();
        }
    }

    @Test
    void compacts() {
        etcdctl("put", "a", "1");
        etcdctl("put", "a", "2");

        assertThat(etcdctl("compact", "3")).isEqualTo("compacted revision 3\n");
        assertThat(etcdctl("get", "a", "--rev=2")).contains("required revision has been compacted");
    }

    @Test
    void tellsItsState() {
        assertThat(etcdctl("endpoint", "status")).contains(MaintenanceService.VERSION);
        assertThat(etcdctl("endpoint", "health")).contains("is healthy");
        assertThat(etcdctl("member", "list"))
                .contains("started, embedded", etcd.endpoint().toString());
    }

    private String etcdctl(String... arguments) {
        return run(command(arguments));
    }

    private String etcdctlReading(Path input, String... arguments) {
        return run(command(arguments).redirectInput(input.toFile()));
    }

    private static String run(ProcessBuilder command) {
        try {
            Process process = command.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            return output;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private ProcessBuilder command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(EtcdProcess.etcdctl().orElseThrow().toString());
        command.add("--endpoints=" + etcd.endpoint());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("ETCD"));
        builder.environment().put("ETCDCTL_API", "3");
        return builder;
    }
}
