package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Registration and discovery against a real etcd that fails. */
class EtcdFaultsIT {

    private static final String KEY = "/grpclb/greeter/127.0.0.1:8001";
    private static final Duration TTL = Duration.ofSeconds(2);

    /** What docs/reliability.md allows after etcd's return. */
    private static final Duration RECOVERY = Duration.ofSeconds(6);

    private final Endpoint endpoint = Endpoint.builder("greeter", "127.0.0.1", 8001)
            .id("a")
            .startedAt(1000)
            .weight(5)
            .build();
    private final LatestList list = new LatestList();
    private EtcdProcess etcd;
    private RawEtcd operator;
    private EtcdConnection connection;
    private EtcdRegistrar registrar;
    private EtcdEndpointSource source;
    private Set<Thread> threadsBefore;

    @BeforeEach
    void start() {
        threadsBefore = etcdThreads();
        etcd = EtcdServers.startProcess();
        operator = new RawEtcd(etcd.endpoint());
        connection = new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()));
        registrar = new EtcdRegistrar(connection, TTL, Duration.ofSeconds(3), RegistryObserver.NONE);
        source = new EtcdEndpointSource(connection, Duration.ofHours(1), RegistryObserver.NONE);
    }

    @AfterEach
    void stop() {
        source.close();
        registrar.close();
        connection.close();
        operator.close();
        etcd.close();
        await().untilAsserted(() -> assertThat(etcdThreads()).isSubsetOf(threadsBefore));
    }

    @Test
    void announcesFollowsAndWithdraws() {
        Registration registration = announced();
        assertThat(operator.all())
                .containsEntry(
                        KEY,
                        "{\"Op\":0,\"Addr\":\"127.0.0.1:8001\",\"Metadata\":"
                                + "{\"id\":\"a\",\"startedAt\":1000,\"state\":\"up\",\"weight\":5}}");
        assertThat(registration.update(
                        endpoint.toBuilder().state(Endpoint.State.DRAINING).build()))
                .succeedsWithin(RECOVERY);
        await().untilAsserted(() ->
                assertThat(list.endpoints()).extracting(Endpoint::state).containsExactly(Endpoint.State.DRAINING));
        assertThat(registration.withdraw()).succeedsWithin(RECOVERY);
        assertThat(operator.all()).isEmpty();
        await().untilAsserted(() -> assertThat(list.endpoints()).isEmpty());
    }

    @Test
    void holdsOverManyLifetimesOfItsLease() {
        Registration registration = announced();
        long lease = operator.lease(KEY);
        await().during(TTL.multipliedBy(3)).until(() -> operator.lease(KEY) == lease);
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
        assertThat(list.count()).isEqualTo(1);
    }

    @Test
    void comesThroughACrashOfEtcd() {
        announced();
        etcd.kill();
        etcd.start();
        operator.put("/grpclb/greeter/127.0.0.1:8002", "127.0.0.1:8002");
        await().atMost(RECOVERY)
                .untilAsserted(() ->
                        assertThat(list.endpoints()).extracting(Endpoint::port).containsExactly(8001, 8002));
        assertThat(operator.all()).containsKey(KEY);
    }

    @Test
    void isBackAfterAnOutageWithWipedData() {
        Registration registration = announced();
        etcd.kill();
        await().atMost(Duration.ofSeconds(20)).until(() -> registration.state() == State.PENDING);
        assertThat(list.endpoints()).hasSize(1);
        etcd.wipeData();
        etcd.start();
        await().atMost(RECOVERY).untilAsserted(() -> assertThat(operator.all()).containsKey(KEY));
        operator.put("/grpclb/greeter/127.0.0.1:8002", "127.0.0.1:8002");
        await().atMost(RECOVERY)
                .untilAsserted(() ->
                        assertThat(list.endpoints()).extracting(Endpoint::port).containsExactly(8001, 8002));
    }

    @Test
    void isBackAfterAPauseThatOutlastsTheLease() {
        Registration registration = announced();
        etcd.pause();
        await().atMost(Duration.ofSeconds(20)).until(() -> registration.state() == State.PENDING);
        etcd.resume();
        await().atMost(RECOVERY).until(() -> registration.state() == State.REGISTERED);
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
        assertThat(operator.all()).containsOnlyKeys(KEY);
    }

    @Test
    void repairsItsKeyAndAdoptsAnOperatorsWeight() {
        Registration registration = announced();
        operator.delete(KEY);
        await().atMost(RECOVERY).untilAsserted(() -> assertThat(operator.all()).containsKey(KEY));
        operator.put(KEY, "{\"Op\":0,\"Addr\":\"127.0.0.1:8001\",\"Metadata\":{\"weight\":1}}");
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(operator.all().get(KEY)).contains("\"id\":\"a\"", "\"weight\":1"));
        assertThat(operator.lease(KEY)).isNotZero();
        operator.put(KEY, "oops");
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(operator.all().get(KEY)).contains("\"weight\":1"));
        assertThat(registration.endpoint().weight()).isEqualTo(1);
        await().untilAsserted(() ->
                assertThat(list.endpoints()).extracting(Endpoint::weight).containsExactly(1));
    }

    @Test
    void startsWithoutEtcdAndJoinsWhenItComes() {
        etcd.stop();
        source.subscribe("greeter", list);
        Registration registration = registrar.register(endpoint);
        await().atMost(Duration.ofSeconds(2)).untilAsserted(() -> assertThat(list.reasons())
                .singleElement()
                .asString()
                .startsWith("etcd unreachable: ")
                .contains("Connection refused"));
        etcd.start();
        await().atMost(RECOVERY).until(() -> registration.state() == State.REGISTERED);
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
    }

    @Test
    void doesNotWaitForEtcdToWithdraw() {
        Registration registration = announced();
        etcd.pause();
        long begun = System.nanoTime();
        assertThatThrownBy(() -> registration.withdraw().get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(3500));
        etcd.resume();
        await().atMost(TTL.plusSeconds(5))
                .untilAsserted(() -> assertThat(operator.all()).isEmpty());
    }

    @Test
    void takesOverFromAKilledProcessBeforeTheAddressVanishes() {
        EtcdConnection killed =
                new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()));
        EtcdRegistrar earlier =
                new EtcdRegistrar(killed, Duration.ofSeconds(6), Duration.ofSeconds(1), RegistryObserver.NONE);
        assertThat(earlier.register(endpoint.toBuilder().startedAt(1).build()).registered())
                .succeedsWithin(RECOVERY);
        killed.close();
        source.subscribe("greeter", list);
        Registration registration = registrar.register(endpoint);
        await().atMost(Duration.ofSeconds(8)).until(() -> registration.state() == State.REGISTERED);
        await().during(Duration.ofSeconds(6)).until(() -> list.count() == 2);
        assertThat(list.endpoints()).extracting(Endpoint::startedAt).containsExactly(1000L);
    }

    @Test
    @FaultRow(39)
    void threeThousandRecordsAreReadInPages() {
        for (int i = 0; i < 3000; i++) {
            operator.put("/grpclb/greeter/" + i, "10.0." + i / 250 + "." + i % 250 + ":1");
        }
        String ranges = "grpc_server_started_total{grpc_method=\"Range\"";
        long before = etcd.metric(ranges);
        source.subscribe("greeter", list);
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(list.endpoints()).hasSize(3000));
        assertThat(list.count()).isEqualTo(1);
        assertThat(etcd.metric(ranges) - before).isEqualTo(3);
    }

    private static Set<Thread> etcdThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("grpc-lb-etcd"))
                .collect(Collectors.toSet());
    }

    private Registration announced() {
        Registration registration = registrar.register(endpoint);
        assertThat(registration.registered()).succeedsWithin(RECOVERY);
        source.subscribe("greeter", list);
        await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
        return registration;
    }
}
