package io.github.grpclb.bench;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What the starter adds to an application that serves and calls: the same one, in JVMs of its own, with the starter on an etcd, and
 * without it on a fixed list. Etcd and the servers that it calls are in this process.
 */
final class AppSuite implements Suite {

    private static final List<Integer> FLEETS = List.of(1, 1_000);
    private static final long PATIENCE_SECONDS = 120;

    /** One start: milliseconds until it was ready, threads, bytes of heap. */
    private record Probe(double millis, double threads, double heap) {}

    @Override
    public List<Table> run(Scale scale) throws Exception {
        List<Table> tables = new ArrayList<>();
        for (ProbeHost host : ProbeHost.values()) {
            Table table = new Table(
                    "An application of " + host.title() + " with and without the starter; medians of " + scale.starts()
                            + " start(s)",
                    "",
                    "ready after ms",
                    "threads",
                    "heap MiB");
            for (int servers : FLEETS) {
                measure(host, servers, scale.starts(), table);
            }
            tables.add(table);
        }
        return tables;
    }

    private static void measure(ProbeHost host, int servers, int starts, Table table) throws Exception {
        List<TestServer> peers = new ArrayList<>();
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start("127.0.0.1", 0)) {
            for (int i = 0; i < servers; i++) {
                peers.add(TestServer.start("peer " + i));
            }
            List<String> addresses =
                    peers.stream().map(peer -> "127.0.0.1:" + peer.port()).toList();
            register(addresses, etcd);
            List<String> without = List.of("--grpc.lb.enabled=false", host.leadingTo(FixedList.target(addresses)));
            List<String> with = List.of("--grpc.lb.etcd.endpoints=" + etcd.endpoint());
            List<Probe> probesWithout = new ArrayList<>();
            List<Probe> probesWith = new ArrayList<>();
            probe(host, servers, with); // from here on the files are in memory
            for (int start = 1; start <= starts; start++) {
                Suite.progress(
                        "app, " + host.title() + ", " + servers + " server(s), start " + start + " of " + starts);
                probesWithout.add(probe(host, servers, without));
                probesWith.add(probe(host, servers, with));
            }
            String fleet = ", " + Numbers.of(servers) + (servers == 1 ? " server" : " servers");
            Probe before = median(probesWithout);
            Probe after = median(probesWith);
            add(table, "without" + fleet, before);
            add(table, "with" + fleet, after);
            add(
                    table,
                    "the starter adds" + fleet,
                    new Probe(after.millis - before.millis, after.threads - before.threads, after.heap - before.heap));
        } finally {
            for (TestServer peer : peers) {
                peer.close();
            }
        }
    }

    private static void register(List<String> addresses, EmbeddedEtcd etcd) throws Exception {
        try (Client client = Client.builder().endpoints(etcd.endpoint()).build()) {
            for (String address : addresses) {
                String record = "{\"Op\":0,\"Addr\":\"" + address + "\",\"Metadata\":{\"id\":\"" + address + "\"}}";
                client.getKVClient()
                        .put(bytes("/grpclb/" + AppProbe.CLIENT + "/" + address), bytes(record))
                        .get();
            }
        }
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static Probe probe(ProbeHost host, int servers, List<String> options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                host.classPath(),
                host.main().getName(),
                String.valueOf(servers),
                "--spring.application.name=probe",
                "--grpc.lb.registration.drain.quiet-period=0s"));
        command.addAll(host.options());
        command.addAll(options);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        try (BufferedReader output = process.inputReader()) {
            String result = output.lines()
                    .filter(line -> line.startsWith(AppProbe.RESULT))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("an application ended without a result"));
            double[] numbers = Arrays.stream(
                            result.substring(AppProbe.RESULT.length()).split(" "))
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            return new Probe(numbers[0], numbers[1], numbers[2]);
        } finally {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    private static Probe median(List<Probe> probes) {
        return new Probe(
                median(probes.stream().mapToDouble(Probe::millis).toArray()),
                median(probes.stream().mapToDouble(Probe::threads).toArray()),
                median(probes.stream().mapToDouble(Probe::heap).toArray()));
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    private static void add(Table table, String name, Probe probe) {
        table.add(
                name,
                Numbers.of(Math.rint(probe.millis)),
                Numbers.of(probe.threads),
                Numbers.of(probe.heap / (1 << 20)));
    }
}
