package io.github.grpclb.chaos;

import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The sample server, unpacked, with an archive of its loaded classes (class data sharing): starts with half the work. Made once for
 * each build, beside the jar.
 */
final class ServerImage {

    static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static final List<String> OPTIONS =
            List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-Xlog:disable");
    private static final long LIMIT_MINUTES = 5;

    private ServerImage() {}

    /** Returns the command line that starts it, without its options. */
    static List<String> command() {
        Path jar = jar();
        Path folder = jar.resolveSibling("unpacked");
        Path archive = folder.resolve("classes.jsa");
        Path unpacked = folder.resolve(jar.getFileName());
        try (FileChannel lock = FileChannel.open(
                jar.resolveSibling("unpacked.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock.lock();
            if (!Files.exists(archive)
                    || Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) < 0) {
                Files.deleteIfExists(archive);
                run(List.of(
                        "-Djarmode=tools",
                        "-jar",
                        jar.toString(),
                        "extract",
                        "--force",
                        "--destination",
                        folder.toString()));
                train(unpacked, archive);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Stream.of(
                        Stream.of(JAVA),
                        OPTIONS.stream(),
                        Stream.of("-Xshare:auto", "-XX:SharedArchiveFile=" + archive, "-jar", unpacked.toString()))
                .flatMap(part -> part)
                .toList();
    }

    private static Path jar() {
        Path jar = Repository.file(Host.current().serverJar());
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar + " is not built: mvn package");
        }
        return jar;
    }

    /** Starts it with an etcd inside, and ends it once it is registered: the classes it has loaded then are archived. */
    private static void train(Path jar, Path archive) throws IOException {
        Path log = Files.createTempFile("training-", ".log");
        Process process = new ProcessBuilder(Stream.of(
                                Stream.of(JAVA),
                                OPTIONS.stream(),
                                Stream.of(
                                        "-XX:ArchiveClassesAtExit=" + archive,
                                        "-jar",
                                        jar.toString(),
                                        "--port=0",
                                        "--id=training",
                                        Host.current().bindTo("127.0.0.1"),
                                        "--grpc.lb.etcd.embedded.enabled=true"))
                        .flatMap(part -> part)
                        .toList())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(LIMIT_MINUTES);
        while (process.isAlive()
                && System.nanoTime() - end < 0
                && !Files.readString(log).contains("registered as ")) {
            Scene.during(Duration.ofMillis(50));
        }
        process.destroy();
        awaitEnd(process);
        Files.delete(log);
    }

    private static void run(List<String> arguments) throws IOException {
        int result = awaitEnd(new ProcessBuilder(
                        Stream.concat(Stream.of(JAVA), arguments.stream()).toList())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start());
        if (result != 0) {
            throw new IllegalStateException("java " + String.join(" ", arguments) + " ended with " + result);
        }
    }

    private static int awaitEnd(Process process) {
        try {
            if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IllegalStateException("does not end: " + process.info());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
