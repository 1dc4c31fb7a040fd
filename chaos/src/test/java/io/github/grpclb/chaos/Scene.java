package io.github.grpclb.chaos;

import io.github.grpclb.testing.EtcdCluster;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What one test of a fault sets up: an etcd, servers, clients under load. All of it ends with the test, the last first. Every
 * call of every client is written to a file beside the logs of the processes.
 *
 * <p>Where the test failed, that folder stays; its name is printed. Where {@code chaos.logs} names a folder, everything stays there.
 * Chance comes from {@link #random}, whose seed is {@code chaos.seed} or new each time, and printed.
 */
final class Scene implements BeforeEachCallback, AfterEachCallback {

    /** The TTL that the servers ask for. */
    static final Duration TTL = Duration.ofSeconds(5);

    /** What docs/reliability.md allows from a fault's end to the recovery. */
    static final Duration RECOVERY = Duration.ofSeconds(6);

    static final String SERVICE = "chaos";
    static final String PREFIX = "/grpclb/" + SERVICE + "/";

    private final Opened parts = new Opened();
    private Path logs;
    private boolean logsAreKept;
    private Random random;
    private String registry;
    private int clients;

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        String name = context.getRequiredTestClass().getSimpleName() + "."
                + context.getRequiredTestMethod().getName();
        String wanted = System.getProperty("chaos.logs");
        logsAreKept = wanted != null;
        Path folder = wanted == null ? Path.of("target", "chaos", name) : Path.of(wanted);
        logs = Files.createDirectories(folder);
        System.setProperty("chaos.logs", logs.toString());
        if (!logsAreKept) {
            parts.add(() -> System.clearProperty("chaos.logs"));
        }
        long seed = Long.getLong("chaos.seed", System.nanoTime());
        random = new Random(seed);
        System.out.printf("%s: seed %d, logs in %s%n", name, seed, logs);
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        Throwable broken = null;
        try {
            parts.close();
        } catch (Exception | AssertionError e) {
            broken = e;
        }
        if (!logsAreKept && context.getExecutionException().isEmpty() && broken == null) {
            try (Stream<Path> files = Files.walk(logs)) {
                files.filter(Files::isRegularFile).forEach(file -> file.toFile().delete());
            }
        }
        if (broken != null) {
            throw new AssertionError("closing failed", broken);
        }
    }

    /** Starts an etcd that the servers and clients started from now on use. */
    EtcdProcess etcd(String... arguments) {
        EtcdProcess etcd = add(EtcdServers.startProcess(arguments));
        registry(etcd.endpoint());
        return etcd;
    }

    /** Starts an etcd of three members that the servers and clients started from now on use, all of them. */
    EtcdCluster cluster() {
        EtcdCluster cluster = add(EtcdServers.startCluster());
        registry(cluster.endpoints());
        return cluster;
    }

    /** Makes servers and clients started from now on use another address for etcd: a proxy's, a cluster's. */
    void registry(URI uri) {
        registry(uri.toString());
    }

    /** The same for several addresses, with commas between. */
    void registry(String uris) {
        registry = uris;
    }

    /** Returns an operator's hands on an etcd. */
    RawEtcd operator(EtcdProcess etcd) {
        return add(new RawEtcd(etcd.endpoint()));
    }

    /** Returns the keys of servers. */
    static Set<String> keys(Collection<SampleServer> servers) {
        return servers.stream().map(server -> PREFIX + server.address()).collect(Collectors.toSet());
    }

    /** Starts servers 1 to n at once and waits until they are registered. */
    List<SampleServer> servers(int n, String... options) {
        List<SampleServer> servers = new ArrayList<>();
        for (int i = 1; i <= n; i++) {
            servers.add(server(Integer.toString(i), options));
        }
        servers.forEach(SampleServer::awaitRegistered);
        return servers;
    }

    /** Starts a server's process; does not wait for it. Its options go before those that every server has here. */
    SampleServer server(String id, String... options) {
        return server(List.of(), id, options);
    }

    /** Starts a server's process under another command, such as {@code faketime}; an option overrides what a scene sets. */
    SampleServer server(List<String> command, String id, String... options) {
        Map<String, String> all = new LinkedHashMap<>();
        Stream.concat(
                        Stream.of(
                                "--port=0",
                                "--service=" + SERVICE,
                                "--etcd=" + registry,
                                Host.current().bindTo("127.0.0.1"),
                                "--grpc.lb.registration.ttl=" + TTL.toSeconds() + "s",
                                "--logging.level.io.github.grpclb.sample.server.HelloService=warn"),
                        Stream.of(options))
                // Spring Boot would make a list of an option that is given twice
                .forEach(option -> all.put(option.replaceFirst("=.*", ""), option));
        return add(SampleServer.start(id, logs, command, List.copyOf(all.values())));
    }

    /** Starts a client; it calls nothing yet. */
    LoadClient client(String... properties) {
        List<String> all = new ArrayList<>(List.of("grpc.lb.etcd.endpoints=" + registry));
        all.addAll(List.of(properties));
        Path file = logs.resolve("calls-" + ++clients + ".csv");
        LoadClient client = LoadClient.start(SERVICE, all.toArray(String[]::new));
        parts.add(() -> {
            client.close();
            client.soFar().write(file);
        });
        return client;
    }

    /** Starts a client that calls at a rate, and waits until it is answered. */
    LoadClient load(int perSecond, String... properties) {
        LoadClient client = client(properties);
        // etcd may take its time on a busy machine: that is no fault of this scene
        CallLog.Call first = client.callWhenReady().join();
        if (first.failed()) {
            throw new AssertionError("the first call failed: " + first);
        }
        return client.begin(perSecond);
    }

    /** Lets something end with the test. */
    <T extends AutoCloseable> T add(T part) {
        return parts.add(part);
    }

    Random random() {
        return random;
    }

    Path logs() {
        return logs;
    }

    /** Shows a line with the result of the run in {@code bin/chaos}. */
    static void say(String format, Object... values) {
        System.out.println(RowRun.MARK + format.formatted(values));
    }

    /** Lets time pass while the fault lasts; the only place where a scene waits for nothing but time. */
    static void during(Duration fault) {
        try {
            Thread.sleep(fault.toMillis());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
