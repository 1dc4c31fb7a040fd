package io.github.grpclb.etcd.override;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.override.OverriddenSource;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideObserver;
import io.github.grpclb.override.OverrideStore.Draft;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What overrides in a real etcd make of the calls to real servers. */
class OverriddenCallsIT {

    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final Map<String, TestServer> servers = new HashMap<>();
    private final Map<String, Registration> registrations = new HashMap<>();
    private final LatestList list = new LatestList();
    private EtcdConnection connection;
    private EtcdOverrideStore store;
    private EtcdRegistrar registrar;
    private ManagedChannel channel;

    @BeforeEach
    void start() {
        EtcdConnection ofServers = connect();
        registrar = opened.add(
                new EtcdRegistrar(ofServers, Duration.ofSeconds(10), Duration.ofSeconds(3), RegistryObserver.NONE));
        for (String id : List.of("s1", "s2", "s3")) {
            announce(TestServer.start(id), 1);
        }
        connection = connect();
        EndpointSource source = opened.add(new OverriddenSource(
                new EtcdEndpointSource(connection, MINUTE, RegistryObserver.NONE),
                new EtcdOverrides(connection, Overrides.PREFIX, MINUTE, RegistryObserver.NONE),
                OverrideObserver.NONE,
                connection.loop()));
        source.subscribe("svc", list);
        ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder("etcd:///svc", InsecureChannelCredentials.create());
        ChannelSetup.of(source).build().prepare(builder, "svc");
        channel = builder.build();
        opened.add((AutoCloseable) channel::shutdownNow);
        store = new EtcdOverrideStore(connect(), Overrides.PREFIX);
        await().atMost(LIMIT).until(() -> list.endpoints().size() == 3);
        await().atMost(LIMIT).until(() -> answers(30).size() == 3);
    }

    @Test
    void weight0TakesAServersCallsAwayWithinASecondAndNoConnection() {
        put(Overrides.weightOf("s1", 0, MINUTE));
        await().atMost(SECOND).until(() -> !answers(30).containsKey("s1"));
        assertThat(answers(300)).containsOnlyKeys("s2", "s3");
        assertThat(store.delete("svc", "server-s1")).succeedsWithin(LIMIT).isEqualTo(true);
        await().atMost(SECOND).until(() -> answers(30).containsKey("s1"));
        assertThat(answers(300)).hasSize(3);
        assertThat(servers.values()).extracting(TestServer::connections).containsOnly(1);
    }

    @Test
    void aServerThatRestartsIsStillOverridden() throws Exception {
        put(Overrides.disable(new Override.Selector.Server("s1")));
        await().atMost(SECOND).until(() -> !answers(30).containsKey("s1"));
        assertThat(registrations.get("s1").withdraw()).succeedsWithin(LIMIT);
        int port = servers.get("s1").port();
        servers.get("s1").stop();
        TestServer again = TestServer.start("s1", port);
        announce(again, 2);
        await().atMost(LIMIT).until(() -> list.endpoints().stream().anyMatch(each -> each.startedAt() == 2));
        assertThat(list.endpoints().stream().filter(each -> each.startedAt() == 2))
                .extracting(Endpoint::state)
                .containsExactly(Endpoint.State.DISABLED);
        assertThat(answers(300)).containsOnlyKeys("s2", "s3");
        assertThat(again.calls()).isZero();
    }

    @Test
    void endsAtItsTimeWhileEtcdIsAway() {
        Duration duration = Duration.ofSeconds(5);
        put(Overrides.weightOf("s1", 0, duration));
        long putAt = System.nanoTime();
        await().atMost(SECOND).until(() -> !answers(30).containsKey("s1"));
        etcd.kill();
        await().atMost(duration.plus(SECOND)).until(() -> answers(30).containsKey("s1"));
        assertThat(Duration.ofNanos(System.nanoTime() - putAt))
                .isBetween(duration.minusMillis(200), duration.plus(SECOND));
        assertThat(connection.unreachableBecause()).isNotNull();
        etcd.start();
        await().atMost(LIMIT).until(() -> connection.unreachableBecause() == null);
        assertThat(answers(300)).hasSize(3); // etcd gives the lease its whole time again
    }

    @Test
    void isStillThereWhenEtcdIsBackBefore() {
        put(Overrides.weightOf("s1", 0, MINUTE));
        await().atMost(SECOND).until(() -> !answers(30).containsKey("s1"));
        etcd.kill();
        await().atMost(LIMIT).until(() -> connection.unreachableBecause() != null);
        assertThat(answers(300)).containsOnlyKeys("s2", "s3");
        etcd.start();
        await().atMost(LIMIT).until(() -> connection.unreachableBecause() == null);
        await().during(Duration.ofSeconds(3)).until(() -> !answers(30).containsKey("s1"));
    }

    @Test
    void endsWithAnEtcdThatLostItsData() {
        put(Overrides.weightOf("s1", 0, MINUTE));
        await().atMost(SECOND).until(() -> !answers(30).containsKey("s1"));
        etcd.kill();
        etcd.wipeData();
        etcd.start();
        await().atMost(LIMIT).until(() -> answers(30).containsKey("s1"));
    }

    private void put(Draft draft) {
        assertThat(store.put(draft)).succeedsWithin(LIMIT);
    }

    private void announce(TestServer server, long startedAt) {
        opened.add(server);
        servers.put(server.id(), server);
        Registration registration = registrar.register(Endpoint.builder("svc", "127.0.0.1", server.port())
                .id(server.id())
                .startedAt(startedAt)
                .build());
        assertThat(registration.registered()).succeedsWithin(LIMIT);
        registrations.put(server.id(), registration);
    }

    private EtcdConnection connect() {
        return opened.add(new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString())));
    }

    /** Makes calls one after the other; returns how many each server answered. */
    private Map<String, Integer> answers(int calls) {
        Map<String, Integer> answers = new HashMap<>();
        IntStream.range(0, calls)
                .forEach(call -> answers.merge(
                        TestServer.ask(channel, CallOptions.DEFAULT.withWaitForReady()), 1, Integer::sum));
        return answers;
    }
}
