package io.github.grpclb.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A running {@code etcd grpc-proxy}, on a port of 127.0.0.1 that it keeps over restarts. */
public final class EtcdGrpcProxy implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(20);

    private final URI etcd;
    private final int port;
    private final Path directory;
    private final Thread reaper = new Thread(this::kill, "etcd-grpc-proxy-reaper");
    private Process process;

    private EtcdGrpcProxy(URI etcd) {
        this.etcd = etcd;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            this.port = free.getLocalPort();
            this.directory = Files.createTempDirectory("etcd-grpc-proxy-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(reaper);
    }

    /** Starts one before an etcd, and waits until it accepts connections. */
    public static EtcdGrpcProxy launch(URI etcd) {
        EtcdGrpcProxy proxy = new EtcdGrpcProxy(etcd);
        proxy.start();
        return proxy;
    }

    /** Starts the process. */
    public void start() {
        Path binary = EtcdProcess.binary().orElseThrow(() -> new IllegalStateException("there is no etcd"));
        try {
            process = new ProcessBuilder(
                            binary.toString(),
                            "grpc-proxy",
                            "start",
                            "--endpoints=" + etcd.getAuthority(),
                            "--advertise-client-url=",
                            "--listen-addr=127.0.0.1:" + port,
                            "--data-dir=" + directory)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            directory.resolve("log").toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await("the proxy serves; its log: " + directory.resolve("log"))
                .atMost(START_LIMIT)
                .until(() -> !process.isAlive() || accepts());
        if (!process.isAlive()) {
            throw new IllegalStateException("the proxy ended: " + log());
        }
    }

    /** Ends the process at once (SIGKILL). */
    public void kill() {
        if (process != null) {
            process.destroyForcibly();
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns whether the process runs. */
    public boolean isRunning() {
        return process.isAlive();
    }

    /** Returns what it has logged, over all its starts. */
    public String log() {
        try {
            return Files.readString(directory.resolve("log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns where it listens. */
    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + port);
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(reaper);
    }

    private boolean accepts() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }
}
