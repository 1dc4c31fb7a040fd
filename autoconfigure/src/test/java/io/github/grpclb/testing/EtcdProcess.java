package io.github.grpclb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real etcd process of one member, on free ports of 127.0.0.1 and with a data directory of its own.
 *
 * <p>The binary is the system property or environment variable {@code ETCD_BIN}, else {@code etcd} on the {@code PATH}.
 * It can be stopped, killed, paused, and started again on the same ports, with its data or without. For one thread.
 */
public final class EtcdProcess implements EtcdServer {

    private static final Duration START_LIMIT = Duration.ofSeconds(20);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

    /** A port may be taken between its choice and its use, or by an outgoing connection while etcd is down. */
    private static final int START_ATTEMPTS = 5;

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(1))
            .build();

    private final Path directory;
    private final Path log;
    private final URI client;
    private final URI peer;
    private final URI metrics;
    private final List<String> arguments;
    private final Thread reaper = new Thread(this::kill, "etcd-reaper");
    private Process process;

    private EtcdProcess(List<String> arguments) throws IOException {
        this.arguments = arguments;
        this.directory = Files.createTempDirectory("etcd-");
        this.log = logs().resolve(directory.getFileName() + ".log");
        boolean tls = arguments.stream().anyMatch(argument -> argument.startsWith("--cert-file"));
        int[] ports = freePorts();
        this.client = URI.create((tls ? "https" : "http") + "://127.0.0.1:" + ports[0]);
        this.peer = URI.create("http://127.0.0.1:" + ports[1]);
        this.metrics = URI.create("http://127.0.0.1:" + ports[2]);
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /**
     * Starts an empty etcd and waits until it serves.
     *
     * @param arguments further flags of etcd, such as {@code --auth-token-ttl=2}; with {@code --cert-file=…} the endpoint is https
     */
    public static EtcdProcess launch(String... arguments) {
        try {
            EtcdProcess etcd = new EtcdProcess(List.of(arguments));
            etcd.start();
            return etcd;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the etcd binary of this machine. */
    public static Optional<Path> binary() {
        return executable("etcd", "ETCD_BIN");
    }

    /** Returns the etcdctl binary of this machine: {@code ETCDCTL_BIN}, else on the {@code PATH}. */
    public static Optional<Path> etcdctl() {
        return executable("etcdctl", "ETCDCTL_BIN");
    }

    private static Optional<Path> executable(String name, String setting) {
        String configured = System.getProperty(setting, System.getenv(setting));
        if (configured != null && !configured.isBlank()) {
            return Optional.of(Path.of(configured));
        }
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public URI endpoint() {
        return client;
    }

    /** Returns the operating system's id of the running process. */
    public long pid() {
        return process.pid();
    }

    /** Returns whether the process runs; a paused one does. */
    public boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** Returns everything that etcd has logged, over all its starts. */
    public String log() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns one of etcd's own metrics, summed over its labels; counters begin anew with each start.
     *
     * @param name as etcd prints it; with a brace and the first labels, only what begins with these
     */
    public double metric(String name) {
        try {
            return metrics()
                    .lines()
                    .filter(line -> line.startsWith(name) && "{, }".indexOf(line.charAt(name.length())) >= 0)
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Starts the process, with the data that is there, and waits until it has a leader and serves clients. */
    public void start() {
        assertThat(isRunning()).as("etcd is running").isFalse();
        for (int attempt = 1; !tryToStart(); attempt++) {
            if (attempt == START_ATTEMPTS) {
                throw new IllegalStateException("etcd did not start; its log:\n" + log());
            }
        }
    }

    /** Ends the process at once, as a crash does (SIGKILL). */
    public void kill() {
        if (process != null) {
            process.destroyForcibly();
            awaitEnd();
        }
    }

    /** Ends the process in order (SIGTERM). */
    public void stop() {
        process.destroy();
        awaitEnd();
    }

    /** Freezes the process: its connections stay open, nothing answers (SIGSTOP). */
    public void pause() {
        signal("STOP");
    }

    /** Lets a paused process go on (SIGCONT). */
    public void resume() {
        signal("CONT");
    }

    /** Deletes the data of an etcd that does not run: the next start is a new, empty cluster. */
    public void wipeData() {
        assertThat(isRunning()).as("etcd is running").isFalse();
        deleteAll(dataDirectory());
    }

    /** Returns where the data is kept. */
    public Path dataDirectory() {
        return directory.resolve("data");
    }

    @Override
    public void close() {
        kill();
        if (Thread.currentThread() != reaper) {
            Runtime.getRuntime().removeShutdownHook(reaper);
        }
        deleteAll(directory);
    }

    /** Where {@code chaos.logs} says, so that a failed run leaves them; else they go with the data. */
    private Path logs() {
        String kept = System.getProperty("chaos.logs");
        return kept == null ? directory : Path.of(kept);
    }

    private boolean tryToStart() {
        int logged = log().length();
        try {
            process = processBuilder().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await("etcd serves; its log: " + log).atMost(START_LIMIT).until(() -> !process.isAlive() || serves());
        if (process.isAlive()) {
            return true;
        }
        if (!log().substring(logged).contains("address already in use")) {
            throw new IllegalStateException("etcd ended with " + process.exitValue() + "; its log:\n" + log());
        }
        return false;
    }

    private ProcessBuilder processBuilder() {
        List<String> command = new ArrayList<>(List.of(
                binary().orElseThrow(() -> new IllegalStateException("no etcd binary"))
                        .toString(),
                "--name=test",
                "--data-dir=" + dataDirectory(),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=test=" + peer,
                "--listen-metrics-urls=" + metrics));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        // etcd takes each flag from its environment as well
        builder.environment().keySet().removeIf(name -> name.startsWith("ETCD_"));
        return builder;
    }

    private boolean serves() throws InterruptedException {
        try {
            return metrics().contains("\netcd_server_has_leader 1");
        } catch (IOException notYet) {
            return false;
        }
    }

    /** Asks the port for metrics: it needs neither TLS nor a user, whatever the arguments are. */
    private String metrics() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(metrics.resolve("/metrics"))
                .timeout(Duration.ofSeconds(2))
                .build();
        return HTTP.send(request, BodyHandlers.ofString()).body();
    }

    private void signal(String name) {
        try {
            int result = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            assertThat(result).as("result of kill -%s", name).isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void awaitEnd() {
        try {
            assertThat(process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS))
                    .as("etcd ended")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int[] freePorts() throws IOException {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        try (ServerSocket one = new ServerSocket(0, 1, loopback);
                ServerSocket two = new ServerSocket(0, 1, loopback);
                ServerSocket three = new ServerSocket(0, 1, loopback)) {
            return new int[] {one.getLocalPort(), two.getLocalPort(), three.getLocalPort()};
        }
    }

    private static void deleteAll(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
