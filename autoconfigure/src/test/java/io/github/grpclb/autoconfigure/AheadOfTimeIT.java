package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplicationAotProcessor;

/** An application that Spring Boot processed ahead of time, as its build plugins do, and that runs in a JVM of its own. */
final class AheadOfTimeIT {

    private static final String CLASS_PATH = System.getProperty("java.class.path");

    private static final List<String> PROPERTIES = List.of(
            "-Dspring.application.name=self",
            "-Dspring.main.web-application-type=none",
            "-Dgrpc.lb.etcd.embedded.enabled=true",
            "-Dgrpc.lb.initial-wait=60s",
            "-Dgrpc.server.port=0",
            "-Dgrpc.client.GLOBAL.negotiation-type=plaintext");

    @Test
    void callsItself(@TempDir Path folder) throws IOException, InterruptedException {
        Path classes = process(folder);

        String output = run(
                folder.resolve("run.log"),
                classes + File.pathSeparator + CLASS_PATH,
                Stream.concat(PROPERTIES.stream(), Stream.of("-Dspring.aot.enabled=true"))
                        .toList(),
                AheadOfTimeApplication.class.getName(),
                "--grpc.lb.registration.id=processed");

        assertThat(output.lines().filter(line -> line.startsWith("answer")))
                .containsExactly("answer of processed, generated: true", "answer of processed, generated: true");
    }

    /** Returns where the classes are that were generated; they hold what is configured by now. */
    private static Path process(Path folder) throws IOException, InterruptedException {
        Path sources = folder.resolve("sources");
        Path classes = Files.createDirectories(folder.resolve("classes"));
        run(
                folder.resolve("process.log"),
                CLASS_PATH,
                PROPERTIES,
                SpringApplicationAotProcessor.class.getName(),
                AheadOfTimeApplication.class.getName(),
                sources.toString(),
                folder.resolve("classes").toString(),
                classes.toString(),
                "io.github.grpclb",
                "processed");
        List<String> arguments = new ArrayList<>(List.of(
                "-nowarn", "-proc:none", "-d", classes.toString(), "-cp", classes + File.pathSeparator + CLASS_PATH));
        try (Stream<Path> files = Files.walk(sources)) {
            files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(arguments::add);
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)))
                .as("the generated sources compile")
                .isZero();
        return classes;
    }

    /** Returns what it printed; it has to end well. */
    private static String run(Path log, String classPath, List<String> options, String main, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", classPath, main));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = process.waitFor(3, TimeUnit.MINUTES);
        process.destroyForcibly();
        String output = Files.readString(log);
        assertThat(ended && process.exitValue() == 0).as(output).isTrue();
        return output;
    }
}
