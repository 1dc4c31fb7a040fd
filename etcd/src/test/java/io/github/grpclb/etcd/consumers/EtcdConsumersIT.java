package io.github.grpclb.etcd.consumers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.ConsumerDirectory.Consumers;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Consumers in a real etcd. */
class EtcdConsumersIT {

    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final EtcdConnection connection = connect();
    private final EtcdConsumerDirectory directory = new EtcdConsumerDirectory(connection, EtcdConsumers.DEFAULT_PREFIX);
    private final AtomicReference<List<Consumer>> calls = new AtomicReference<>(List.of(consumer(3)));

    private EtcdConnection connect() {
        return opened.add(new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString())));
    }

    private EtcdConsumers start(EtcdConnection over, String number) {
        return new EtcdConsumers(over, EtcdConsumers.DEFAULT_PREFIX, TTL, number, calls::get);
    }

    private static Consumer consumer(int servers) {
        return new Consumer("greeter", "front", "1.2", "pod-1", "round_robin", servers, 1);
    }

    @Test
    void isToldToEverybodyAndTakenBack() throws Exception {
        EtcdConsumers first = start(connection, "1");
        EtcdConsumers second = start(connect(), "2");
        await().atMost(LIMIT).until(() -> told().consumers().size() == 2);
        assertThat(told().consumers()).containsExactly(consumer(3), consumer(3));
        first.close();
        assertThat(told().consumers()).hasSize(1);
        second.close();
        first.close();
        assertThat(operator.all()).isEmpty();
        assertThat(operator.leases()).isZero();
    }

    /** A process that is killed takes nothing back; its thread is gone, and its lease runs out. */
    @Test
    void isGoneWithinItsTimeAfterItsProcess() throws Exception {
        EtcdConnection killed = connect();
        start(killed, "1");
        await().atMost(LIMIT).until(() -> told().consumers().size() == 1);
        killed.close();
        long begun = System.nanoTime();
        await().atMost(LIMIT).until(() -> told().consumers().isEmpty());
        // etcd itself looks for leases that are over every half second
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(TTL.plusSeconds(2));
    }

    @Test
    void comesBackAfterEtcdLostAllItsData() throws Exception {
        EtcdConsumers consumers = opened.add(start(connection, "1"));
        await().atMost(LIMIT).until(() -> told().consumers().size() == 1);
        etcd.kill();
        etcd.wipeData();
        etcd.start();
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> told().consumers().size() == 1);
        consumers.close();
    }

    @Test
    void aReaderOfTheServersSeesNothingNew() throws Exception {
        EtcdRegistrar registrar = opened.add(
                new EtcdRegistrar(connection, Duration.ofSeconds(20), Duration.ofSeconds(3), RegistryObserver.NONE));
        assertThat(registrar
                        .register(Endpoint.builder("greeter", "127.0.0.1", 8001)
                                .id("a")
                                .build())
                        .registered())
                .succeedsWithin(LIMIT);
        Map<String, String> before = operator.all("/grpclb/");
        opened.add(start(connection, "1"));
        await().atMost(LIMIT).until(() -> told().consumers().size() == 1);
        assertThat(operator.all("/grpclb/")).isEqualTo(before);
        assertThat(operator.all("/grpclb-consumers/")).hasSize(1);
    }

    @Test
    void theCatalogueNamesServicesWithoutTheirValues() throws Exception {
        operator.putAll(Map.of(
                "/grpclb/a/1", "x".repeat(100_000),
                "/grpclb/a/2", "x",
                "/grpclb/com.acme/b/1", "x",
                "c/1", "x"));
        ServiceCatalog catalog = source(connection);
        assertThat(catalog.services().get(10, TimeUnit.SECONDS).services())
                .containsExactly(new ServiceCatalog.Service("a", 2), new ServiceCatalog.Service("com.acme/b", 1));
        EtcdConnection bare = opened.add(new EtcdConnection(new EtcdOptions(
                List.of(etcd.endpoint().toString()), "", null, null, null, EtcdOptions.DEFAULT_CALL_TIMEOUT)));
        assertThat(source(bare).services().get(10, TimeUnit.SECONDS).services())
                .containsExactly(new ServiceCatalog.Service("c", 1));
    }

    /** Two pages at least. */
    @Test
    void theCatalogueReadsMoreThanOnePage() throws Exception {
        for (int page = 0; page < 60; page++) {
            Map<String, String> records = new HashMap<>();
            for (int i = 0; i < 100; i++) {
                records.put("/grpclb/s" + page + "/" + i, "x");
            }
            operator.putAll(records);
        }
        ServiceCatalog.Services told = source(connection).services().get(30, TimeUnit.SECONDS);
        assertThat(told.services()).hasSize(60).allMatch(service -> service.servers() == 100);
        assertThat(told.complete()).isTrue();
    }

    private ServiceCatalog source(EtcdConnection over) {
        return opened.add(new EtcdEndpointSource(over, Duration.ofHours(1), RegistryObserver.NONE))
                .catalog();
    }

    private Consumers told() throws Exception {
        return directory.consumers("greeter").get(10, TimeUnit.SECONDS);
    }
}
