package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One client and a service of thousands of endpoints. */
@Tag("long")
@Tag("scale")
class ScaleIT {

    private static final String RANGES = "grpc_server_started_total{grpc_method=\"Range\"";

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(38)
    void tenThousandEndpointsMostOfThemDead() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        unregisteredServers(3).forEach(server -> operator.put(Scene.PREFIX + server.address(), server.address()));
        LoadClient client = scene.load(200);
        double rangesBefore = etcd.metric(RANGES);
        Duration workBefore = Footprint.processorTime();
        long begun = System.nanoTime();
        operator.putAll(records(9_997, "127.1.%d.%d:1"::formatted, ""));
        awaitEndpoints(client, 10_000);
        Scene.during(Duration.ofSeconds(40));
        double seconds = (System.nanoTime() - begun) / 1e9;
        double cores = Footprint.processorTime().minus(workBefore).toMillis() / 1e3 / seconds;
        double ranges = etcd.metric(RANGES) - rangesBefore;
        CallLog calls = client.stop();
        System.out.printf(
                "chaos: 9 997 dead and 3 live endpoints: %d calls, %d failed, %.0f reads of etcd in %.0f s, %.2f cores%n",
                calls.size(), calls.failed().size(), ranges, seconds, cores);
        calls.allSucceeded(5_000);
        assertThat(ranges).as("reads of etcd").isLessThanOrEqualTo(11 * (1 + seconds / 48));
        assertThat(cores).as("processor time by time").isLessThan(1);
    }

    @Test
    @FaultRow(39)
    void tenThousandLiveRecords() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        SampleServer server =
                scene.server("1", "--grpc.lb.enabled=false", Host.current().bindTo("0.0.0.0"));
        int port = server.port();
        String pad = "x".repeat(250);
        operator.putAll(records(10_000, (high, low) -> "127.1." + high + "." + low + ":" + port, pad));
        double before = Footprint.liveHeapMiB();
        LoadClient client = scene.client("grpc.lb.subset-size=50");
        EndpointSource source = client.context().getBean(EndpointSource.class);
        ListLog lists = new ListLog();
        double rangesBefore = etcd.metric(RANGES);
        long begun = System.nanoTime();
        source.subscribe(Scene.SERVICE, lists);
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> lists.size() > 0);
        Duration listed = Duration.ofNanos(lists.arrivals().get(0) - begun);
        double pages = etcd.metric(RANGES) - rangesBefore;
        assertThat(lists.endpoints()).hasSize(10_000);
        assertThat(client.call().failed()).isFalse();
        await().until(() -> ready(client) >= 50);
        double heap = Footprint.liveHeapMiB() - before;
        Duration slowest = Duration.ZERO;
        for (int weight = 2; weight <= 11; weight++) {
            Endpoint chosen = live(client).stream()
                    .filter(each -> each.state() == EndpointState.READY)
                    .findFirst()
                    .orElseThrow()
                    .endpoint();
            int expected = weight;
            long changed = System.nanoTime();
            operator.put(chosen.key(), value(chosen.address(), pad, weight));
            await().atMost(Duration.ofSeconds(10))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> live(client).stream()
                            .anyMatch(each ->
                                    each.endpoint().address().equals(chosen.address()) && each.weight() == expected));
            Duration took = Duration.ofNanos(System.nanoTime() - changed);
            slowest = took.compareTo(slowest) > 0 ? took : slowest;
        }
        System.out.printf(
                "chaos: 10 000 records of %d bytes: %.0f pages listed in %d ms, slowest of 10 changes in the picker after %d ms,"
                        + " heap +%.0f MiB with 50 connections%n",
                value("127.1.100.100:40000", pad, 1).length(), pages, listed.toMillis(), slowest.toMillis(), heap);
        assertThat(pages).isEqualTo(10);
        assertThat(listed).isLessThan(Duration.ofSeconds(2));
        assertThat(slowest).isLessThan(Duration.ofMillis(500));
        assertThat(heap).as("MiB").isLessThan(100);
    }

    @Test
    @FaultRow(40)
    void aThousandChangesASecond() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        List<SampleServer> servers = scene.servers(3);
        LoadClient client = scene.load(100);
        Set<String> connections = Connections.to(servers);
        assertThat(connections).hasSize(3);
        ListLog lists = new ListLog();
        client.context().getBean(EndpointSource.class).subscribe(Scene.SERVICE, lists);
        int changes;
        double seconds;
        try (Churn churn = new Churn(etcd.endpoint(), Scene.PREFIX, scene.random())) {
            long begun = System.nanoTime();
            churn.run(1000, Duration.ofSeconds(60));
            seconds = (System.nanoTime() - begun) / 1e9;
            changes = churn.changes();
        }
        int published = lists.size();
        Map<String, Integer> expected = new HashMap<>();
        operator.all().forEach((key, value) -> {
            Read read = Read.of(value);
            expected.put(read.address(), read.weight());
        });
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(lists.weights()).isEqualTo(expected));
        assertThat(Connections.to(servers))
                .as("connections to the unchanged servers")
                .isEqualTo(connections);
        CallLog calls = client.stop();
        System.out.printf(
                "chaos: %d changes in %.1f s: %d lists, %.2f a second; %d calls, %d failed; end state of %d exact;"
                        + " the 3 connections are those of before%n",
                changes,
                seconds,
                published,
                published / seconds,
                calls.size(),
                calls.failed().size(),
                expected.size());
        assertThat(changes / seconds).as("changes a second").isGreaterThan(900);
        assertThat(published / seconds).as("lists a second").isLessThanOrEqualTo(10);
        calls.allSucceeded(5_000);
    }

    private List<SampleServer> unregisteredServers(int n) {
        return IntStream.rangeClosed(1, n)
                .mapToObj(i -> scene.server(Integer.toString(i), "--grpc.lb.enabled=false"))
                .toList();
    }

    private static void awaitEndpoints(LoadClient client, int n) {
        await().atMost(Duration.ofSeconds(30)).until(() -> live(client).size() == n);
    }

    private static long ready(LoadClient client) {
        return live(client).stream()
                .filter(each -> each.state() == EndpointState.READY)
                .count();
    }

    private static List<LiveEndpoints.Live> live(LoadClient client) {
        return List.copyOf(client.context().getBean(LiveEndpoints.class).endpoints(Scene.SERVICE));
    }

    private static Map<String, String> records(int n, Numbered address, String pad) {
        Map<String, String> records = new LinkedHashMap<>();
        for (int i = 0; i < n; i++) {
            String at = address.of(i / 250, 1 + i % 250);
            records.put(Scene.PREFIX + at, pad.isEmpty() ? at : value(at, pad, 1));
        }
        return records;
    }

    private static String value(String address, String pad, int weight) {
        return "{\"Op\":0,\"Addr\":\"%s\",\"Metadata\":{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\",\"weight\":%d}}"
                .formatted(address, pad, pad, pad, weight);
    }

    private interface Numbered {
        String of(int high, int low);
    }

    /** What a record says, read by other means than the product's. */
    private record Read(String address, int weight) {

        private static final Pattern ADDRESS = Pattern.compile("\"Addr\":\"([^\"]+)\"");
        private static final Pattern WEIGHT = Pattern.compile("\"weight\":(\\d+)");

        static Read of(String value) {
            Matcher address = ADDRESS.matcher(value);
            Matcher weight = WEIGHT.matcher(value);
            return new Read(
                    address.find() ? address.group(1) : value, weight.find() ? Integer.parseInt(weight.group(1)) : 1);
        }
    }
}
