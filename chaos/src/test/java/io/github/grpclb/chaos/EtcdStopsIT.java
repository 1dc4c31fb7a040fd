package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd is killed, or frozen, and comes back with what it knew. */
class EtcdStopsIT {

    /** A lease that nobody renews has ended by then, even if etcd gave it its whole time again. */
    private static final Duration LEASE_END = Scene.TTL.plusSeconds(2);

    private static final List<String> FIVE = List.of("1", "2", "3", "4", "5");

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(3)
    void killedAndBackWithinTheTtl() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        Set<String> keys = Scene.keys(scene.servers(3));
        LoadClient client = scene.load(200);
        etcd.kill();
        Scene.during(Duration.ofMillis(1000 + scene.random().nextInt(1500)));
        etcd.start();

        Moment.now().settles(Duration.ZERO, LEASE_END.plusSeconds(3), "all keys there", () -> has(operator, keys));
        client.stop().allSucceeded(2000);
        client.lists().neverChanged();
    }

    @Test
    @Tag("long")
    @FaultRow(4)
    void downForTenTtls() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        List<SampleServer> servers = scene.servers(3);
        LoadClient client = scene.load(200);
        client.awaitAnswersOf(List.of("1", "2", "3"));
        Moment gone = Moment.now();
        etcd.kill();
        SampleServer newcomer = scene.server("4");
        Scene.during(Scene.TTL.multipliedBy(10));
        client.lists().neverChanged();
        etcd.start();
        Moment back = Moment.now();

        newcomerIsFound(newcomer, operator, client, back);
        Set<String> keys = Scene.keys(servers);
        back.settles(Duration.ZERO, Scene.RECOVERY.plus(LEASE_END), "old keys there", () -> has(operator, keys));
        CallLog calls = client.stop();
        calls.allSucceeded(10_000);
        calls.since(gone.nanoTime()).spreadOver(List.of("1", "2", "3"), Duration.ofSeconds(1));
        Warnings.atMostOneIn10Seconds(client.warnings(), gone.elapsed());
        Stream.concat(servers.stream(), Stream.of(newcomer))
                .forEach(server -> Warnings.atMostOneIn10Seconds(server.warnings(), gone.elapsed()));
    }

    @Test
    @Tag("long")
    @FaultRow(7)
    void frozenForLessThanTheTtl() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        List<SampleServer> servers = scene.servers(3, "--grpc.lb.registration.ttl=10s");
        Set<String> keys = Scene.keys(servers);
        LoadClient client = scene.load(200);
        etcd.pause();
        Scene.during(Duration.ofSeconds(3));
        etcd.resume();

        Moment.now().settles(Duration.ZERO, Duration.ofSeconds(12), "all keys there", () -> has(operator, keys));
        client.stop().allSucceeded(2000);
        client.lists().neverChanged();
        assertThat(servers)
                .allSatisfy(server -> assertThat(server.registrations()).isOne());
    }

    @Test
    @Tag("long")
    @FaultRow(8)
    void frozenUntilAllLeasesHaveEnded() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        List<SampleServer> servers = scene.servers(5);
        Set<String> keys = Scene.keys(servers);
        LoadClient client = scene.load(300);
        client.awaitAnswersOf(FIVE);
        Moment frozen = Moment.now();
        etcd.pause();
        Scene.during(Scene.TTL.multipliedBy(2).plusMillis(scene.random().nextInt(5000)));
        etcd.resume();

        Moment.now().settles(Scene.RECOVERY, LEASE_END, "all keys there", () -> has(operator, keys));
        CallLog calls = client.stop();
        calls.allSucceeded(5000);
        calls.since(frozen.nanoTime()).spreadOver(FIVE, Duration.ofSeconds(1));
        assertThat(client.lists().last()).hasSize(5);
    }

    /** A server that started without etcd is registered, and a client that had lost etcd calls it. */
    private static void newcomerIsFound(SampleServer newcomer, RawEtcd operator, LoadClient client, Moment back) {
        back.within(Scene.RECOVERY, "newcomer registered", () -> operator.all()
                .containsKey(Scene.PREFIX + newcomer.address()));
        back.within(Scene.RECOVERY, "newcomer called", () -> client.soFar()
                .byServer()
                .containsKey(newcomer.id()));
    }

    private static boolean has(RawEtcd operator, Set<String> keys) {
        return operator.all().keySet().containsAll(keys);
    }
}
