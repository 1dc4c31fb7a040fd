package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.resolver.NoEndpointException;
import io.github.grpclb.resolver.ResolverArgs;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Load;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry that loses the servers, and servers that go on serving: real etcd, real servers, a real channel under load. */
class MassExpiryIT {

    private static final String SERVICE = "greeter";
    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration RECOVERY = Duration.ofSeconds(6);

    private final List<TestServer> servers = new ArrayList<>();
    private EtcdProcess etcd;
    private RawEtcd operator;
    private EtcdConnection connection;
    private EtcdEndpointSource source;
    private ManagedChannel channel;

    @BeforeEach
    void start() {
        etcd = EtcdServers.startProcess();
        operator = new RawEtcd(etcd.endpoint());
        connection = new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()));
        source = new EtcdEndpointSource(connection, Duration.ofHours(1), RegistryObserver.NONE);
        for (int i = 1; i <= 5; i++) {
            servers.add(TestServer.start("s" + i));
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        source.close();
        connection.close();
        operator.close();
        etcd.close();
        for (TestServer server : servers) {
            server.close();
        }
    }

    @Test
    @FaultRow(36)
    void keysDeletedAtOnceChangeNothingForServersThatServe() throws Exception {
        for (int i = 0; i < 5; i++) {
            String tail = i == 0 ? "stays" : "gone" + i;
            operator.put(
                    "/grpclb/" + SERVICE + "/" + tail,
                    "127.0.0.1:" + servers.get(i).port());
        }
        channel = channel(Duration.ofMinutes(5));
        ManagedChannel impatient = channel(Duration.ofSeconds(6));
        try (Load load = load()) {
            load.awaitAnswersFromExactly("s1", "s2", "s3", "s4", "s5");
            await().until(() -> whoAnswers(impatient).size() == 5);
            operator.deleteAll("/grpclb/" + SERVICE + "/gone");
            await().pollDelay(Duration.ofSeconds(1))
                    .untilAsserted(() -> load.awaitAnswersFromExactly("s1", "s2", "s3", "s4", "s5"));
            servers.get(1).stop();
            servers.get(2).stop();
            load.awaitAnswersFromExactly("s1", "s4", "s5");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> whoAnswers(impatient).equals(Set.of("s1")));
            load.awaitAnswersFromExactly("s1", "s4", "s5");
            assertThat(load.failures()).isEmpty();
        } finally {
            impatient.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        assertThat(servers).extracting(TestServer::connections).containsExactly(2, 2, 2, 2, 2);
    }

    /** As other frameworks do it: the key is deleted, the lease runs out later or there was none, and the server ends after a while. */
    @ParameterizedTest
    @ValueSource(longs = {0, 10})
    void serversThatDeregisterAreCalledNoMore(long ttl) throws Exception {
        List<TestServer> three = servers.subList(0, 3);
        for (TestServer server : three) {
            long lease = ttl == 0
                    ? 0
                    : connection.api().grant(Duration.ofSeconds(ttl)).get().id();
            ByteString record = ByteString.copyFromUtf8("127.0.0.1:" + server.port());
            assertThat(connection.api().putIfUnchanged(key(server), 0, record, lease))
                    .succeedsWithin(RECOVERY);
        }
        channel = channel(Duration.ofMinutes(5));
        try (Load load = load()) {
            load.awaitAnswersFromExactly("s1", "s2", "s3");
            operator.delete(key(three.get(1)));
            operator.delete(key(three.get(2)));
            load.awaitAnswersFromExactly("s1");
            servers.get(1).stop();
            servers.get(2).stop();
            load.awaitAnswers(50);
            assertThat(load.failures()).isEmpty();
        }
    }

    @Test
    @FaultRow(36)
    void saysThatNobodyIsRegisteredOnceTheLastServersHaveStopped() throws Exception {
        List<TestServer> two = servers.subList(0, 2);
        two.forEach(server -> operator.put(key(server), "127.0.0.1:" + server.port()));
        channel = channel(Duration.ofMinutes(5));
        try (Load load = load()) {
            load.awaitAnswersFromExactly("s1", "s2");
            two.forEach(server -> operator.delete(key(server)));
            await().during(Duration.ofSeconds(1)).until(() -> load.failures().isEmpty());
            load.awaitAnswersFromExactly("s1", "s2");
            assertThat(load.failures()).isEmpty();
        }
        servers.get(0).stop();
        servers.get(1).stop();
        await().untilAsserted(() -> {
            StatusRuntimeException failure = catchThrowableOfType(
                    StatusRuntimeException.class,
                    () -> TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS)));
            assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(failure.getStatus().getDescription()).isEqualTo("etcd:///greeter: no endpoint is registered");
            assertThat(failure).hasCauseInstanceOf(NoEndpointException.class);
        });
        operator.put(key(servers.get(2)), "127.0.0.1:" + servers.get(2).port());
        await().untilAsserted(() ->
                assertThat(TestServer.ask(channel, CallOptions.DEFAULT)).isEqualTo("s3"));
    }

    @Test
    @FaultRow(8)
    void allLeasesMayExpireTogether() throws Exception {
        try (EtcdRegistrar registrar =
                new EtcdRegistrar(connection, TTL, Duration.ofSeconds(3), RegistryObserver.NONE)) {
            List<Registration> registrations = servers.stream()
                    .map(server -> registered(registrar, server))
                    .toList();
            channel = channel(Duration.ofMinutes(5));
            try (Load load = load()) {
                load.awaitAnswersFromExactly("s1", "s2", "s3", "s4", "s5");
                etcd.pause();
                await().atMost(Duration.ofSeconds(20)).until(() -> registrations.stream()
                        .allMatch(each -> each.state() == Registration.State.PENDING));
                etcd.resume();
                await().atMost(RECOVERY).until(() -> registrations.stream()
                        .allMatch(each -> each.state() == Registration.State.REGISTERED));
                load.awaitAnswersFromExactly("s1", "s2", "s3", "s4", "s5");
                assertThat(load.failures()).isEmpty();
            }
        }
        assertThat(servers).extracting(TestServer::connections).containsExactly(1, 1, 1, 1, 1);
    }

    @Test
    @FaultRow(8)
    void serversThatAreCutOffFromEtcdAreCalledOn() throws Exception {
        List<EtcdConnection> cut = new ArrayList<>();
        for (TestServer server : servers) {
            EtcdConnection own =
                    new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()));
            cut.add(own);
            registered(new EtcdRegistrar(own, TTL, Duration.ofSeconds(3), RegistryObserver.NONE), server);
        }
        channel = channel(Duration.ofMinutes(5));
        try (Load load = load()) {
            load.awaitAnswersFromExactly("s1", "s2", "s3", "s4", "s5");
            // their leases run out one by one
            cut.forEach(EtcdConnection::close);
            await().atMost(Duration.ofSeconds(20)).until(() -> operator.all().isEmpty());
            await().during(Duration.ofSeconds(1))
                    .untilAsserted(() -> assertThat(load.failures()).isEmpty());
            load.awaitAnswersFromExactly("s1", "s2", "s3", "s4", "s5");
            try (EtcdRegistrar registrar =
                    new EtcdRegistrar(connection, TTL, Duration.ofSeconds(3), RegistryObserver.NONE)) {
                servers.forEach(server -> registered(registrar, server));
                load.awaitAnswersFromExactly("s1", "s2", "s3", "s4", "s5");
                assertThat(load.failures()).isEmpty();
            }
        }
        assertThat(servers).extracting(TestServer::connections).containsExactly(1, 1, 1, 1, 1);
    }

    private static Registration registered(EtcdRegistrar registrar, TestServer server) {
        Registration registration = registrar.register(Endpoint.builder(SERVICE, "127.0.0.1", server.port())
                .id(server.id())
                .startedAt(1)
                .build());
        assertThat(registration.registered()).succeedsWithin(RECOVERY);
        return registration;
    }

    private ManagedChannel channel(Duration staleMax) {
        return NettyChannelBuilder.forTarget("etcd:///" + SERVICE)
                .usePlaintext()
                .setNameResolverArg(ResolverArgs.SOURCE, source)
                .setNameResolverArg(ResolverArgs.STALE_MAX, staleMax)
                .defaultLoadBalancingPolicy(PolicyLoadBalancerProvider.NAME)
                .build();
    }

    private Load load() {
        return new Load(2, () -> TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS)));
    }

    private static Set<String> whoAnswers(ManagedChannel channel) {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            ids.add(TestServer.ask(channel, CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS)));
        }
        return ids;
    }

    private static String key(TestServer server) {
        return "/grpclb/" + SERVICE + "/127.0.0.1:" + server.port();
    }
}
