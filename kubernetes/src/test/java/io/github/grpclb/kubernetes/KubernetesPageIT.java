package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.Repository;
import io.github.grpclb.testing.TestServer;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/kubernetes.md: it is compiled and run as it stands there. */
class KubernetesPageIT {

    private static final Pattern PROGRAM = Pattern.compile("(?s)```java\n(import [^`]*public class Client \\{.*?)```");

    @AutoClose
    private final Opened opened = new Opened();

    @Test
    void callsAServerOfTheService(@TempDir Path folder) throws Exception {
        Matcher program = PROGRAM.matcher(Files.readString(Repository.file("docs/kubernetes.md")));
        assertThat(program.find()).isTrue();
        Path source = Files.writeString(folder.resolve("Client.java"), program.group(1));
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-proc:none", "-cp", classPath(), "-d", folder.toString(), source.toString());
        assertThat(compiled).isZero();

        FakeCluster cluster = new FakeCluster();
        FakeApiServer api = opened.add(FakeApiServer.start(cluster));
        TestServer server = opened.add(TestServer.start("greeter-0"));
        cluster.put(
                "shop",
                SliceBuilder.grpc("greeter-x7zq2", "greeter", server.port()).ready("127.0.0.1", "greeter-0"));
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        folder + File.pathSeparator + classPath(),
                        "Client",
                        api.uri().toString()))
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

    private static String classPath() {
        return String.join(
                File.pathSeparator,
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(jar -> !jar.contains("test-classes"))
                        .toList());
    }
}
