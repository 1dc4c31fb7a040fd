package io.github.grpclb;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Repository;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/getting-started.md that has no Spring: it is compiled and run as it stands there, with core and etcd. */
class PlainGrpcIT {

    private static final int MOST_LINES = 40;
    private static final Pattern PROGRAM = Pattern.compile("(?s)```java\n(import [^`]*public class Plain \\{.*?)```");

    @TempDir
    private static Path folder;

    private static String program;

    @BeforeAll
    static void read() throws IOException {
        Matcher found = PROGRAM.matcher(Files.readString(Repository.file("docs/getting-started.md")));
        assertThat(found.find()).isTrue();
        program = found.group(1);
    }

    @Test
    void registersAndCalls() throws Exception {
        assertThat(program.lines().filter(line -> !line.isBlank()).count()).isLessThanOrEqualTo(MOST_LINES);
        Path output = folder.resolve("output");
        Path source = Files.writeString(folder.resolve("Plain.java"), program);
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-proc:none", "-cp", classPath(), "-d", folder.toString(), source.toString());
        assertThat(compiled).isZero();
        try (EtcdServer etcd = EtcdServers.start()) {
            Process process = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            folder + File.pathSeparator + classPath(),
                            "Plain",
                            etcd.endpoint().toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try {
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(output).content().contains("SERVING");
                assertThat(process.exitValue()).isZero();
            } finally {
                process.destroyForcibly();
            }
        }
    }

    private static String classPath() {
        List<String> jars = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar -> !jar.contains("test-classes"))
                .toList();
        assertThat(jars).noneMatch(jar -> jar.contains("springframework"));
        return String.join(File.pathSeparator, jars);
    }
}
