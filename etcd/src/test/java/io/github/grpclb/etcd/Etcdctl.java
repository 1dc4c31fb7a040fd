package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The machine's etcdctl, as an operator uses it: without a user at first, then as root. */
final class Etcdctl {

    private final URI endpoint;
    private final Path binary;
    private boolean asRoot;

    Etcdctl(URI endpoint) {
        this.endpoint = endpoint;
        this.binary = EtcdProcess.etcdctl().orElseGet(() -> EtcdServers.missing("No etcdctl on the PATH"));
    }

    /** Runs a command and returns what it said. */
    String run(String... command) {
        return execute(
                Stream.concat(Stream.of(binary.toString()), Stream.of(command)).toList());
    }

    /** Runs a script that uses etcdctl. */
    void script(Path script, String... arguments) {
        execute(Stream.concat(Stream.of(script.toString()), Stream.of(arguments))
                .toList());
    }

    /** Runs lines for a shell, in which {@code etcdctl} is this one; the first that fails ends them. */
    String shell(String lines) {
        return execute(List.of("bash", "-euo", "pipefail", "-c", "unset ETCDCTL_BIN; " + lines));
    }

    /** Makes the user root, whom the later commands run as, and turns authentication on. */
    void enableAuth() {
        run("user", "add", "root:root");
        run("user", "grant-role", "root", "root");
        run("auth", "enable");
        asRoot = true;
    }

    private String execute(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ETCDCTL_API", "3");
        builder.environment().put("ETCDCTL_BIN", binary.toString());
        builder.environment().merge("PATH", binary.getParent().toString(), (path, own) -> own + ":" + path);
        builder.environment().put("ETCDCTL_ENDPOINTS", endpoint.toString());
        if (asRoot) {
            builder.environment().put("ETCDCTL_USER", "root:root");
        }
        try {
            Process process = builder.start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s: %s", command, said).isZero();
            return said;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
