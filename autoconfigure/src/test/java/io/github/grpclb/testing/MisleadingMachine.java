package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** A network namespace that stands for a machine with interfaces and addresses of its own. Needs root, unshare(1) and ip(8). */
public final class MisleadingMachine {

    /** What precedes each line of an answer. */
    public static final String ANSWER = "= ";

    private MisleadingMachine() {}

    /**
     * Runs a program there; ends the test as skipped where this machine does not allow it.
     *
     * @param setUp a shell script that makes interfaces, routes and addresses; {@code lo} is up already
     * @param program has a {@code main}, and prints its answers after {@link #ANSWER}
     * @return the answers
     */
    public static List<String> run(String setUp, Class<?> program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "unshare",
                "--net",
                "--mount",
                "sh",
                "-c",
                "set -e; mount -t sysfs none /sys; ip link set lo up\n" + setUp + "exec \"$@\"",
                "sh",
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
        command.addAll(List.of(arguments));
        try {
            requireNamespaces();
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            assertThat(status).as(output).isZero();
            return output.lines()
                    .filter(line -> line.startsWith(ANSWER))
                    .map(line -> line.substring(ANSWER.length()))
                    .toList();
        } catch (IOException e) {
            return Assumptions.abort("network namespaces need unshare: " + e.getMessage());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void requireNamespaces() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("unshare", "--net", "--mount", "mount", "-t", "sysfs", "none", "/sys")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        Assumptions.assumeTrue(process.waitFor() == 0, "network namespaces need root");
    }
}
