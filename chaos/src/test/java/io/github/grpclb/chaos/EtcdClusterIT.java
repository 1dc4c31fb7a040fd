package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.testing.EtcdCluster;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.OtherHost;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TcpProxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Members of an etcd of three fail. */
class EtcdClusterIT {

    private static final List<String> SERVERS = List.of("1", "2", "3");

    private static final int REGISTRATIONS = 20;

    /** Three election timeouts, after which a member ends the watches that want a leader, and the back-off. */
    private static final Duration FOUND = Duration.ofSeconds(15);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @Tag("long")
    @FaultRow(9)
    void leaderKilled() {
        EtcdCluster cluster = scene.cluster();
        EtcdProcess leader = cluster.leader(List.of());
        RawEtcd operator = scene.operator(cluster.followers().get(0));
        List<SampleServer> servers = scene.servers(3);
        Set<String> keys = Scene.keys(servers);
        Map<String, Long> leases = leases(operator, keys);
        LoadClient client = scene.load(200);
        client.awaitAnswersOf(SERVERS);
        Moment fault = Moment.now();
        leader.kill();

        cluster.leader(List.of(leader));
        Moment.now().settles(Duration.ZERO, Scene.TTL.plusSeconds(5), "keys under their leases", () -> leases(
                        operator, keys)
                .equals(leases));
        CallLog calls = client.stop();
        calls.allSucceeded(2000);
        calls.since(fault.nanoTime()).spreadOver(SERVERS, Duration.ofSeconds(1));
        client.lists().neverChanged();
        assertThat(servers)
                .allSatisfy(server -> assertThat(server.registrations()).isOne());
    }

    @Test
    @Tag("long")
    @FaultRow(10)
    void quorumLost() {
        EtcdCluster cluster = scene.cluster();
        List<SampleServer> servers = scene.servers(3);
        LoadClient client = scene.load(200);
        client.awaitAnswersOf(SERVERS);
        Moment fault = Moment.now();
        EtcdProcess left = cluster.followers().get(0);
        List<EtcdProcess> frozen =
                cluster.members().stream().filter(member -> member != left).toList();
        frozen.forEach(EtcdProcess::pause);
        SampleServer newcomer = scene.server("4", SampleServer.HTTP.toArray(String[]::new));
        Scene.during(Duration.ofSeconds(30));
        client.lists().neverChanged();
        assertThat(newcomer.health()).contains("\"registration\":\"PENDING\"").contains("\"etcd\":\"etcd unreachable");
        frozen.forEach(EtcdProcess::resume);
        Moment back = Moment.now();

        RawEtcd operator = scene.operator(left);
        back.within(Scene.RECOVERY, "newcomer registered", () -> operator.all()
                .containsKey(Scene.PREFIX + newcomer.address()));
        back.within(Scene.RECOVERY, "newcomer called", () -> client.soFar()
                .byServer()
                .containsKey("4"));
        Set<String> keys = Scene.keys(servers);
        back.settles(Scene.RECOVERY, Scene.TTL.plusSeconds(2), "all keys there", () -> operator.all()
                .keySet()
                .containsAll(keys));
        CallLog calls = client.stop();
        calls.allSucceeded(6000);
        calls.since(fault.nanoTime()).spreadOver(SERVERS, Duration.ofSeconds(1));
    }

    /** The other members go on without it; it itself still answers, but knows no leader and hears of nothing. */
    @Test
    @Tag("long")
    @FaultRow(11)
    void memberWithTheWatchCutOff() {
        OtherHost other = scene.add(OtherHost.create());
        EtcdCluster cluster = scene.add(EtcdServers.startCluster(other));
        scene.registry(cluster.endpoints());
        scene.servers(3);
        SampleServer unlisted = scene.server("4", "--grpc.lb.registration.enabled=false");
        String address = unlisted.address();
        EtcdProcess cutOff = cluster.members().get(2);
        List<TcpProxy> others = cluster.members().subList(0, 2).stream()
                .map(member -> scene.add(TcpProxy.to(member.endpoint())))
                .toList();
        others.forEach(TcpProxy::refuse);
        scene.registry(cutOff.endpoint() + ","
                + others.stream().map(proxy -> proxy.endpoint().toString()).collect(Collectors.joining(",")));
        LoadClient client = scene.load(200);
        client.awaitAnswersOf(SERVERS);
        assertThat(cutOff.metric("etcd_debugging_mvcc_watcher_total"))
                .as("watches at the member")
                .isPositive();
        others.forEach(TcpProxy::heal);
        RawEtcd operator = scene.operator(cluster.members().get(0));
        Moment fault = Moment.now();
        other.cut();
        // refused while the others choose a leader, where the one that is cut off was theirs
        await("newcomer's key").ignoreExceptions().until(() -> {
            operator.put(Scene.PREFIX + "4", address);
            return true;
        });
        Moment listed = Moment.now();

        listed.within(FOUND, "newcomer called", () -> client.soFar().byServer().containsKey("4"));
        assertThat(cutOff.metric("etcd_server_has_leader")).isZero();
        CallLog calls = client.stop();
        calls.allSucceeded(500);
        calls.since(fault.nanoTime()).spreadOver(SERVERS, Duration.ofSeconds(1));
    }

    @Test
    @Tag("long")
    @FaultRow(21)
    void oneEndpointDeadOneUnknownAndOneALearner() {
        EtcdCluster cluster = scene.cluster();
        cluster.addLearner();
        List<EtcdProcess> followers = cluster.followers();
        EtcdProcess well = followers.get(0);
        followers.get(1).kill();
        String endpoints = "http://no-such-host.invalid:2379," + cluster.endpoints();
        scene.registry(endpoints);
        List<SampleServer> servers = scene.servers(2);
        LoadClient client = scene.load(100);
        client.awaitAnswersOf(List.of("1", "2"));

        Duration usual = slowestRegistration(well.endpoint().toString());
        Duration slowest = slowestRegistration(endpoints);
        System.out.printf("slowest registration: %s, with one endpoint %s%n", slowest, usual);
        assertThat(slowest).isLessThan(usual.plusSeconds(1));
        SampleServer newcomer = scene.server("3").awaitRegistered();
        Moment.now().within(Duration.ofSeconds(2), "newcomer called", () -> client.soFar()
                .byServer()
                .containsKey(newcomer.id()));
        client.stop().allSucceeded(500);
        assertThat(servers)
                .allSatisfy(server -> assertThat(server.registrations()).isOne());
    }

    /** Registers again and again, each time as a new process would, and returns the longest time that it took. */
    private static Duration slowestRegistration(String endpoints) {
        EtcdOptions options = new EtcdOptions(
                List.of(endpoints.split(",")), "/grpclb/", null, null, null, EtcdOptions.DEFAULT_CALL_TIMEOUT);
        Duration slowest = Duration.ZERO;
        for (int i = 0; i < REGISTRATIONS; i++) {
            try (EtcdConnection connection = new EtcdConnection(options);
                    EtcdRegistrar registrar =
                            new EtcdRegistrar(connection, Scene.TTL, Duration.ofSeconds(3), RegistryObserver.NONE)) {
                Moment begun = Moment.now();
                registrar
                        .register(Endpoint.builder("elsewhere", "127.0.0.1", 1 + i)
                                .build())
                        .registered()
                        .join();
                slowest = begun.elapsed().compareTo(slowest) > 0 ? begun.elapsed() : slowest;
            }
        }
        return slowest;
    }

    private static Map<String, Long> leases(RawEtcd operator, Set<String> keys) {
        return keys.stream().collect(Collectors.toMap(key -> key, operator::lease));
    }
}
