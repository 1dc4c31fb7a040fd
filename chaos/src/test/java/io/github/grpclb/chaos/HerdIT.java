package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Many clients and servers lose etcd at the same moment. What each process would have of grpc-lb is real, a connection, a thread and
 * a watch or a lease of its own; but all are in this JVM, and nothing is served or called.
 */
@Tag("long")
@Tag("scale")
class HerdIT {

    private static final int EACH = 200;
    private static final Duration OUTAGE = Duration.ofSeconds(5);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(41)
    void twoHundredClientsListOnceEach() {
        EtcdProcess etcd = scene.etcd();
        List<ListLog> clients = clients(etcd);
        Back back = restart(etcd, clients, 1);
        double lists = etcd.metric("grpc_server_started_total{grpc_method=\"Range\"");
        System.out.printf("chaos: %d clients: %s; %.0f lists%n", EACH, back, lists);
        back.requireSpreadAndSoon();
        assertThat(lists).as("lists").isLessThanOrEqualTo(EACH);
    }

    @Test
    @FaultRow(41)
    void twoHundredClientsAndServersAreBackWithinTenSeconds() {
        EtcdProcess etcd = scene.etcd();
        List<Registration> servers = IntStream.range(0, EACH)
                .mapToObj(i -> new EtcdRegistrar(
                                connect(etcd), Duration.ofSeconds(10), Duration.ofSeconds(3), RegistryObserver.NONE)
                        .register(Endpoint.builder(Scene.SERVICE, "127.1.0." + (i + 1), 1)
                                .build()))
                .toList();
        servers.forEach(server -> assertThat(server.registered()).succeedsWithin(Duration.ofSeconds(30)));
        List<ListLog> clients = clients(etcd);
        await().atMost(Duration.ofSeconds(30)).until(() -> clients.stream()
                .allMatch(client -> client.endpoints().size() == EACH));
        Back back = restart(etcd, clients, EACH + 1);
        System.out.printf("chaos: %d clients and %d servers, data wiped: %s%n", EACH, EACH, back);
        back.requireSpreadAndSoon();
        assertThat(scene.operator(etcd).all()).hasSize(EACH + 1);
        assertThat(scene.operator(etcd).leases()).isEqualTo(EACH);
    }

    /** Kills etcd and starts it without data and with one new record; returns when each client saw the first list, and all of it. */
    private Back restart(EtcdProcess etcd, List<ListLog> clients, int endpoints) {
        etcd.kill();
        Scene.during(OUTAGE);
        etcd.wipeData();
        int[] before = clients.stream().mapToInt(ListLog::size).toArray();
        etcd.start();
        long begun = System.nanoTime();
        RawEtcd operator = scene.operator(etcd);
        operator.put(Scene.PREFIX + "new", "127.2.0.1:1");
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .until(() ->
                        clients.stream().allMatch(client -> client.endpoints().size() == endpoints));
        long all = System.nanoTime();
        LongSummaryStatistics first = IntStream.range(0, clients.size())
                .mapToLong(i -> clients.get(i).arrivals().get(before[i]))
                .summaryStatistics();
        return new Back(Duration.ofNanos(all - begun), Duration.ofNanos(first.getMax() - first.getMin()));
    }

    private List<ListLog> clients(EtcdProcess etcd) {
        List<ListLog> clients = IntStream.range(0, EACH)
                .mapToObj(i -> {
                    ListLog lists = new ListLog();
                    EtcdEndpointSource source = scene.add(
                            new EtcdEndpointSource(connect(etcd), Duration.ofHours(1), RegistryObserver.NONE));
                    source.subscribe(Scene.SERVICE, lists);
                    return lists;
                })
                .toList();
        await().atMost(Duration.ofSeconds(30)).until(() -> clients.stream().allMatch(client -> client.size() > 0));
        return clients;
    }

    private EtcdConnection connect(EtcdProcess etcd) {
        return scene.add(new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString())));
    }

    /**
     * How the herd came back.
     *
     * @param all from etcd's start until every client had the whole list
     * @param spread between the first client's first list and the last's
     */
    private record Back(Duration all, Duration spread) {

        void requireSpreadAndSoon() {
            assertThat(all).isLessThan(Duration.ofSeconds(10));
            // the longest back-off is 2 s
            assertThat(spread).isGreaterThan(Duration.ofMillis(1500));
        }

        @Override
        public String toString() {
            return "all back %d ms after etcd's start, their first lists spread over %d ms"
                    .formatted(all.toMillis(), spread.toMillis());
        }
    }
}
