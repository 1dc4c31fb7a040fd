package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.client.EtcdUnavailableException;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.testing.EtcdCluster;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Users, endpoints and what is said when they do not fit. */
class EtcdSecurityIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String PASSWORD = "canary-s3cret";

    private final Endpoint endpoint = Endpoint.builder("greeter", "127.0.0.1", 8001)
            .id("a")
            .startedAt(1000)
            .build();

    @Test
    @Tag("long")
    @FaultRow(17)
    void staysRegisteredWhenTokensRunOutAndEtcdRestarts() {
        try (EtcdProcess etcd = EtcdServers.startProcess("--auth-token-ttl=5");
                RawEtcd operator = new RawEtcd(etcd.endpoint())) {
            operator.enableAuth("svc", PASSWORD, "/grpclb/");
            try (EtcdConnection connection = new EtcdConnection(as(etcd, "svc", PASSWORD));
                    EtcdRegistrar registrar = new EtcdRegistrar(
                            connection, Duration.ofSeconds(10), Duration.ofSeconds(3), RegistryObserver.NONE);
                    EtcdEndpointSource source =
                            new EtcdEndpointSource(connection, Duration.ofHours(1), RegistryObserver.NONE)) {
                LatestList list = new LatestList();
                connection.awaitReachable(LIMIT);
                source.subscribe("greeter", list);
                Registration registration = registrar.register(endpoint);
                assertThat(registration.registered()).succeedsWithin(LIMIT);
                await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));

                int lists = list.count();
                await().during(Duration.ofSeconds(7)).until(() -> list.count() == lists);
                assertThat(etcd.authentications()).isBetween(1L, 2L);
                etcd.kill();
                etcd.start();

                assertThat(registration.update(endpoint.toBuilder().weight(9).build()))
                        .succeedsWithin(LIMIT);
                await().atMost(LIMIT).untilAsserted(() -> assertThat(list.endpoints())
                        .extracting(Endpoint::weight)
                        .containsExactly(9));
                assertThat(list.reasons()).isEmpty();
                assertThat(list.everyList().subList(lists - 1, list.count())).doesNotContain(List.of());
                // the metrics began anew with the process
                assertThat(etcd.authentications()).isBetween(1L, 2L);
            }
        }
    }

    @Test
    @FaultRow(18)
    void saysThatThePasswordIsWrongWithoutSayingIt() {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                RawEtcd operator = new RawEtcd(etcd.endpoint())) {
            operator.enableAuth("svc", "right", "/grpclb/");
            try (EtcdConnection connection = new EtcdConnection(as(etcd, "svc", PASSWORD))) {
                assertThatThrownBy(() -> connection.awaitReachable(LIMIT))
                        .isInstanceOf(EtcdUnavailableException.class)
                        .hasMessageContaining("refuses the credentials")
                        .hasMessageContaining("authentication failed")
                        .hasMessageContaining(etcd.endpoint().toString())
                        .hasMessageNotContaining(PASSWORD);
            }
            try (EtcdConnection anonymous =
                    new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()))) {
                assertThatThrownBy(() -> anonymous.awaitReachable(LIMIT)).hasMessageContaining("user name is empty");
            }
        }
    }

    @Test
    @FaultRow(18)
    void goesOnWithoutATokenWhereAuthenticationIsOffAndWithOneOnceItIsOn() {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                RawEtcd operator = new RawEtcd(etcd.endpoint());
                EtcdConnection connection = new EtcdConnection(as(etcd, "svc", PASSWORD));
                EtcdRegistrar registrar = new EtcdRegistrar(
                        connection, Duration.ofSeconds(2), Duration.ofSeconds(3), RegistryObserver.NONE);
                EtcdEndpointSource source =
                        new EtcdEndpointSource(connection, Duration.ofHours(1), RegistryObserver.NONE)) {
            LatestList list = new LatestList();
            connection.awaitReachable(LIMIT);
            source.subscribe("greeter", list);
            assertThat(registrar.register(endpoint).registered()).succeedsWithin(LIMIT);
            await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));

            operator.enableAuth("svc", PASSWORD, "/grpclb/");
            operator.login("root", "root");
            staysRegistered(operator, list);
            operator.disableAuth();
            operator.logout();
            staysRegistered(operator, list);
        }
    }

    private static void staysRegistered(RawEtcd operator, LatestList list) {
        long lease = operator.lease("/grpclb/greeter/127.0.0.1:8001");
        await().during(Duration.ofSeconds(6))
                .atMost(Duration.ofSeconds(8))
                .until(() -> operator.all("/grpclb/").size() == 1
                        && operator.lease("/grpclb/greeter/127.0.0.1:8001") == lease
                        && list.endpoints().size() == 1);
    }

    @Test
    @FaultRow(18)
    void tellsAServiceThatItMayNotReadItsPrefix() {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                RawEtcd operator = new RawEtcd(etcd.endpoint())) {
            operator.enableAuth("svc", PASSWORD, "/elsewhere/");
            try (EtcdConnection connection = new EtcdConnection(as(etcd, "svc", PASSWORD));
                    EtcdEndpointSource source =
                            new EtcdEndpointSource(connection, Duration.ofHours(1), RegistryObserver.NONE)) {
                LatestList list = new LatestList();
                connection.awaitReachable(LIMIT);
                source.subscribe("greeter", list);
                await().untilAsserted(() ->
                        assertThat(list.reasons()).singleElement().asString().contains("permission denied"));
            }
        }
    }

    @Test
    void namesTheCauseWhenNothingListens() {
        try (EtcdConnection connection = new EtcdConnection(EtcdOptions.of("http://127.0.0.1:1", "http://[::1]:1"))) {
            assertThatThrownBy(() -> connection.awaitReachable(Duration.ofMillis(500)))
                    .isInstanceOf(EtcdUnavailableException.class)
                    .hasMessageContaining("Connection refused")
                    .hasMessageContaining("http://[::1]:1");
        }
    }

    /** Its calls time out after 3 s. */
    @Test
    void waitsForASilentEtcdNoLongerThanItIsTold() {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                EtcdConnection connection =
                        new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()))) {
            connection.awaitReachable(LIMIT);
            etcd.pause();
            long begun = System.nanoTime();
            assertThatThrownBy(() -> connection.awaitReachable(Duration.ofMillis(500)))
                    .isInstanceOf(EtcdUnavailableException.class)
                    .hasMessageContaining("no answer within 500 ms");
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isBetween(Duration.ofMillis(500), Duration.ofMillis(2500));
            etcd.resume();
        }
    }

    @Test
    void takesNoOtherGrpcServerForEtcd() throws Exception {
        Server other = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .build()
                .start();
        try (EtcdConnection connection = new EtcdConnection(EtcdOptions.of("http://127.0.0.1:" + other.getPort()))) {
            assertThatThrownBy(() -> connection.awaitReachable(Duration.ofMillis(500)))
                    .isInstanceOf(EtcdUnavailableException.class)
                    .hasMessageContaining("etcd unreachable: Method not found: etcdserverpb.KV/Range");
            assertThat(connection.unreachableBecause()).contains("Method not found");
        } finally {
            other.shutdownNow();
        }
    }

    @Test
    void usesAnyEndpointThatAnswers() {
        try (EtcdProcess etcd = EtcdServers.startProcess();
                EtcdConnection connection = new EtcdConnection(EtcdOptions.of(
                        "http://127.0.0.1:1",
                        "http://no-such-host.invalid:2379",
                        etcd.endpoint().toString()))) {
            connection.awaitReachable(LIMIT);
            assertThat(connection.unreachableBecause()).isNull();
        }
    }

    @Test
    @FaultRow(21)
    void doesNotTakeALearnerForAnEtcdThatIsAway() throws Exception {
        try (EtcdCluster cluster = EtcdServers.startCluster()) {
            cluster.addLearner();
            try (EtcdConnection connection =
                    new EtcdConnection(EtcdOptions.of(cluster.endpoints().split(",")))) {
                connection.awaitReachable(LIMIT);
                for (int i = 0; i < 20; i++) {
                    assertThat(connection.api().get("/grpclb/x")).succeedsWithin(LIMIT);
                    assertThat(connection.unreachableBecause()).isNull();
                }
            }
        }
    }

    private static EtcdOptions as(EtcdProcess etcd, String user, String password) {
        return new EtcdOptions(
                List.of(etcd.endpoint().toString()),
                "/grpclb/",
                user,
                password,
                null,
                EtcdOptions.DEFAULT_CALL_TIMEOUT);
    }
}
