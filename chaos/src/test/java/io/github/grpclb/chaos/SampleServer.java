package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.ProcessSignal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process of the sample server on 127.0.0.1, on the port that it was given or, with 0, one of its own choice. For one thread. */
final class SampleServer implements AutoCloseable {

    /** Long enough for many at once on a busy machine; nothing that a row promises. */
    private static final Duration START_LIMIT = Duration.ofMinutes(3);

    private static final Duration STOP_LIMIT = Duration.ofMinutes(2);
    private static final Pattern REGISTERED = Pattern.compile("(\\S+): registered as ");
    private static final Pattern LISTENS =
            Pattern.compile("gRPC Server started, listening on address: \\S+?(?:,? port: |:)(\\d+)]?(?:\\s|$)");

    private static final Pattern HTTP_LISTENS = Pattern.compile("Tomcat started on port (\\d+)");
    private static final Pattern WARNING = Pattern.compile("^\\d{4}-\\S+ +(WARN|ERROR) ");

    /** Options with which its actuator answers. */
    static final List<String> HTTP = List.of("--spring.profiles.active=http", "--server.port=0");

    private final String id;
    private final Path log;
    private final Process process;
    private final Thread reaper;

    private SampleServer(String id, Path log, Process process) {
        this.id = id;
        this.log = log;
        this.process = process;
        this.reaper = new Thread(process::destroyForcibly, "sample-server-reaper");
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /**
     * Starts a process; does not wait until it serves.
     *
     * @param command what stands before {@code java}, such as {@code faketime} or {@code ip netns exec}
     * @param options of the sample server, {@code --name=value}
     */
    static SampleServer start(String id, Path logs, List<String> command, List<String> options) {
        List<String> all = new ArrayList<>(command);
        all.addAll(ServerImage.command());
        all.add("--id=" + id);
        all.addAll(options);
        try {
            Path log = Files.createTempFile(logs, "server-" + id + "-", ".log");
            return new SampleServer(
                    id,
                    log,
                    new ProcessBuilder(all)
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String id() {
        return id;
    }

    /** Returns the port that it serves on, once it does. */
    int port() {
        return Integer.parseInt(awaitLine(LISTENS).group(1));
    }

    String address() {
        return "127.0.0.1:" + port();
    }

    /** Waits until it has said that it is registered. */
    SampleServer awaitRegistered() {
        awaitLine(REGISTERED);
        return this;
    }

    /** Returns everything that it has printed. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns how many lines of its log hold a text. */
    long logged(String text) {
        return log().lines().filter(line -> line.contains(text)).count();
    }

    /** Returns the lines of its log that are a warning or worse. */
    List<String> warnings() {
        return log().lines().filter(line -> WARNING.matcher(line).find()).toList();
    }

    /** Returns how often it was registered, the first time included. */
    long registrations() {
        return logged(": registered as ") + logged(": registered again as ");
    }

    /** Returns what its health says; it must have been started with {@link #HTTP}. */
    String health() {
        return actuator("health");
    }

    /** Returns a meter as its actuator shows it; it must have been started with {@link #HTTP}. */
    String meter(String name, String tag) {
        return actuator("metrics/" + name + "?tag=" + tag);
    }

    /** Returns what its actuator's timeline shows; it must have been started with {@link #HTTP}. */
    String timeline() {
        return actuator("grpclb/timeline");
    }

    private String actuator(String endpoint) {
        URI uri = URI.create("http://127.0.0.1:" + awaitLine(HTTP_LISTENS).group(1) + "/actuator/" + endpoint);
        try (InputStream in = uri.toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isRunning() {
        return process.isAlive();
    }

    /** Asks it to end (SIGTERM); does not wait. */
    void terminate() {
        process.destroy();
    }

    /** Ends it at once (SIGKILL), and waits until it has ended. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Freezes it (SIGSTOP): its connections stay open, nothing answers. */
    void pause() {
        ProcessSignal.STOP.send(process);
    }

    /** Lets it go on (SIGCONT). */
    void resume() {
        ProcessSignal.CONT.send(process);
    }

    /** Waits until the process has ended, and returns its exit code. */
    int awaitEnd() {
        try {
            assertThat(process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS))
                    .as("server %s ended", id)
                    .isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(reaper);
    }

    private Matcher awaitLine(Pattern pattern) {
        Matcher[] found = new Matcher[1];
        await("server " + id + " prints " + pattern + "; its log: " + log)
                .atMost(START_LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> {
                    Matcher matcher = pattern.matcher(log());
                    if (matcher.find()) {
                        found[0] = matcher;
                        return true;
                    }
                    assertThat(process.isAlive())
                            .as(() -> "server " + id + " runs; it printed:\n" + log())
                            .isTrue();
                    return false;
                });
        return found[0];
    }
}
