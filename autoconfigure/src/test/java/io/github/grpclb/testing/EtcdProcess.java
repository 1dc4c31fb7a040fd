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
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A real etcd process, on free ports of 127.0.0.1 and with a data directory of its own: a cluster of one, or a member of an
 * {@link EtcdCluster}.
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

    /**
     * Who a member is.
     *
     * @param command what stands before {@code etcd}, such as what runs it in another network
     * @param host where it listens for clients
     * @param peerHost where it listens for the other members
     */
    record Member(
            String name,
            List<String> command,
            String host,
            String peerHost,
            int clientPort,
            int peerPort,
            int metricsPort) {

        private static final String LOOPBACK = "127.0.0.1";

        /** Returns members of 127.0.0.1 with ports that are free now. */
        static List<Member> named(List<String> names) throws IOException {
            int[] ports = freePorts(3 * names.size());
            return IntStream.range(0, names.size())
                    .mapToObj(i -> new Member(
                            names.get(i),
                            List.of(),
                            LOOPBACK,
                            LOOPBACK,
                            ports[3 * i],
                            ports[3 * i + 1],
                            ports[3 * i + 2]))
                    .toList();
        }

        /** Returns a member that runs on another host. */
        Member on(OtherHost other) {
            return new Member(
                    name,
                    other.command(),
                    other.clientAddress(),
                    other.peerAddress(),
                    clientPort,
                    peerPort,
                    metricsPort);
        }

        /** Returns a member that listens elsewhere for the other members. */
        Member withPeerHost(String address) {
            return new Member(name, command, host, address, clientPort, peerPort, metricsPort);
        }

        /** Returns where it listens for the other members. */
        URI peer() {
            return URI.create("http://" + peerHost + ":" + peerPort);
        }
    }

    private final Member member;
    private final Map<String, URI> peers;
    private final Path directory;
    private final Path log;
    private final URI client;
    private final URI metrics;
    private final List<String> arguments;
    private final Thread reaper = new Thread(this::kill, "etcd-reaper");
    private Process process;

    /**
     * Creates a member that does not run yet.
     *
     * @param peers where the members find each other, by their names
     */
    EtcdProcess(Member member, Map<String, URI> peers, List<String> arguments) throws IOException {
        this.member = member;
        this.peers = peers;
        this.arguments = arguments;
        this.directory = Files.createTempDirectory("etcd-");
        this.log = logs().resolve(directory.getFileName() + ".log");
        boolean tls = arguments.stream().anyMatch(argument -> argument.startsWith("--cert-file"));
        this.client = URI.create((tls ? "https" : "http") + "://" + member.host() + ":" + member.clientPort());
        this.metrics = URI.create("http://" + member.host() + ":" + member.metricsPort());
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /**
     * Starts an empty etcd and waits until it serves.
     *
     * @param arguments further flags of etcd, such as {@code --auth-token-ttl=2}; with {@code --cert-file=…} the endpoint is https
     */
    public static EtcdProcess launch(String... arguments) {
        try {
            Member alone = Member.named(List.of("test")).get(0);
            EtcdProcess etcd = new EtcdProcess(alone, Map.of(alone.name(), alone.peer()), List.of(arguments));
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

    /**
     * Returns the sum of what etcd counts under a name.
     *
     * @param series the series' names begin with it, such as {@code grpc_server_handled_total{grpc_code="OK"}
     * @throws IllegalStateException if this etcd counts nothing under that name, or does not run
     */
    public long metric(String series) {
        return read(series).stream()
                .mapToLong(Double::longValue)
                .reduce(Long::sum)
                .orElseThrow(() -> new IllegalStateException("etcd has no series " + series));
    }

    /** Returns how often it was asked for a token since it started. */
    public long authentications() {
        return metric("grpc_server_started_total{grpc_method=\"Authenticate\"");
    }

    /** Returns whether it is its cluster's leader; not while it does not answer. */
    public boolean isLeader() {
        return read("etcd_server_is_leader").stream().anyMatch(value -> value == 1);
    }

    /** Returns everything that etcd has logged, over all its starts. */
    public String log() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
        ProcessSignal.STOP.send(process);
    }

    /** Lets a paused process go on (SIGCONT). */
    public void resume() {
        ProcessSignal.CONT.send(process);
    }

    /** Deletes the data of an etcd that does not run: the next start is a new, empty cluster. */
    public void wipeData() {
        assertThat(isRunning()).as("etcd is running").isFalse();
        deleteAll(dataDirectory());
    }

    /** Copies the data of an etcd that does not run to a folder beside it, for {@link #restoreData}. */
    public void saveData() {
        assertThat(isRunning()).as("etcd is running").isFalse();
        deleteAll(savedDirectory());
        copyAll(dataDirectory(), savedDirectory());
    }

    /** Gives an etcd that does not run the data of {@link #saveData} back. */
    public void restoreData() {
        wipeData();
        copyAll(savedDirectory(), dataDirectory());
    }

    private Path savedDirectory() {
        return directory.resolve("saved");
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
        List<String> command = new ArrayList<>(member.command());
        command.addAll(List.of(
                binary().orElseThrow(() -> new IllegalStateException("no etcd binary"))
                        .toString(),
                "--name=" + member.name(),
                "--data-dir=" + dataDirectory(),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + member.peer(),
                "--initial-advertise-peer-urls=" + peers.get(member.name()),
                "--initial-cluster="
                        + peers.entrySet().stream().map(Object::toString).collect(Collectors.joining(",")),
                "--listen-metrics-urls=" + metrics));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        // etcd takes each flag from its environment as well
        builder.environment().keySet().removeIf(name -> name.startsWith("ETCD_"));
        return builder;
    }

    private boolean serves() {
        return read("etcd_server_has_leader").stream().anyMatch(value -> value == 1);
    }

    /** Asks the port for metrics, which needs neither TLS nor a user, whatever the arguments are; empty if nothing answers. */
    private List<Double> read(String series) {
        HttpRequest request = HttpRequest.newBuilder(metrics.resolve("/metrics"))
                .timeout(Duration.ofSeconds(2))
                .build();
        try {
            return HTTP.send(request, BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(series) && "{, }".indexOf(line.charAt(series.length())) >= 0)
                    .map(line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)))
                    .toList();
        } catch (IOException notYet) {
            return List.of();
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

    private static int[] freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")));
            }
            return sockets.stream().mapToInt(ServerSocket::getLocalPort).toArray();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    private static void copyAll(Path from, Path to) {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
