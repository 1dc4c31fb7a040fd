package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd comes back without what it knew, with what it knew once, or somebody deletes it. */
class EtcdLosesDataIT {

    /** The next look of a server at its key, and the recovery after it. */
    private static final Duration RESTORED = Scene.TTL.dividedBy(3).plus(Scene.RECOVERY);

    private static final Duration STALE_MAX = Duration.ofSeconds(5);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @Tag("long")
    @FaultRow(5)
    void wiped() {
        EtcdProcess etcd = scene.etcd();
        List<SampleServer> servers = new ArrayList<>(scene.servers(4));
        LoadClient client = scene.load(200);
        client.awaitAnswersOf(List.of("1", "2", "3", "4"));
        Moment gone = Moment.now();
        etcd.kill();
        etcd.wipeData();
        Scene.during(Duration.ofMillis(scene.random().nextInt(3000)));
        servers.add(scene.server("newcomer"));
        // waits until all serve: what a process takes to start is no part of the recovery
        Set<String> keys = Scene.keys(servers);
        etcd.start();
        Moment back = Moment.now();

        RawEtcd operator = scene.operator(etcd);
        back.within(RESTORED, "all registered", () -> operator.all().keySet().equals(keys));
        back.within(RESTORED, "newcomer called", () -> client.soFar().byServer().containsKey("newcomer"));
        back.settles(
                RESTORED,
                Scene.TTL,
                "list complete",
                () -> client.lists().last().size() == 5);
        CallLog calls = client.stop();
        calls.allSucceeded(2000);
        // one that is listed later than most others may be left out until then
        calls.since(gone.nanoTime()).spreadOver(List.of("1", "2", "3", "4"), RESTORED);
    }

    @Test
    @Tag("long")
    @FaultRow(6)
    void restoredFromAnOlderSnapshot() {
        EtcdProcess etcd = scene.etcd();
        List<SampleServer> servers = new ArrayList<>(scene.servers(3));
        SampleServer dead = scene.server("dead").awaitRegistered();
        etcd.stop();
        etcd.saveData();
        etcd.start();
        RawEtcd operator = scene.operator(etcd);
        dead.kill();
        Moment.now().within(Scene.TTL.plusSeconds(4), "dead server gone", () -> !operator.all()
                .containsKey(Scene.PREFIX + dead.address()));
        servers.add(scene.server("later").awaitRegistered());
        for (int i = 0; i < 100; i++) {
            operator.put("/elsewhere", "advances the revision");
        }
        LoadClient client = scene.load(200);
        client.awaitAnswersOf(List.of("1", "2", "3", "later"));
        Moment gone = Moment.now();
        etcd.kill();
        etcd.restoreData();
        servers.add(scene.server("newcomer"));
        Set<String> keys = Scene.keys(servers);
        etcd.start();
        Moment back = Moment.now();

        back.within(RESTORED, "all registered", () -> operator.all().keySet().containsAll(keys));
        back.within(RESTORED, "newcomer called", () -> client.soFar().byServer().containsKey("newcomer"));
        back.within(RESTORED, "stale key gone", () -> operator.all().keySet().equals(keys));
        back.settles(
                RESTORED,
                Scene.TTL,
                "list complete",
                () -> client.lists().last().size() == 5);
        CallLog calls = client.stop();
        calls.allSucceeded(2000);
        calls.since(gone.nanoTime()).spreadOver(List.of("1", "2", "3"), RESTORED);
    }

    /** The records of servers that do not announce themselves: those that do would put them back. */
    @Test
    @Tag("long")
    @FaultRow(36)
    void allKeysDeletedAtOnce() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        List<SampleServer> servers = listByHand(operator);
        LoadClient client = scene.load(200, "grpc.lb.stale-max=" + STALE_MAX.toSeconds() + "s");
        client.awaitAnswersOf(List.of("1", "2", "3"));
        Scene.during(Duration.ofSeconds(2));
        Moment deleted = Moment.now();
        operator.deleteAll(Scene.PREFIX);
        client.awaitReason("36.suspect", "2");

        deleted.within(
                STALE_MAX.plusSeconds(2),
                "calls fail",
                () -> client.soFar().failed().size() > 0);
        client.awaitReason("36.given-up", servers.get(1).address());
        CallLog calls = client.stop();
        // by their end: one that was begun in time may find its list gone, where it waited for a processor
        long staleMaxEnds = deleted.nanoTime() + STALE_MAX.toNanos();
        CallLog kept = calls.where(call -> call.end() - staleMaxEnds < 0);
        kept.allSucceeded(1000);
        kept.since(deleted.nanoTime()).spreadOver(List.of("1", "2", "3"), Duration.ofSeconds(1));
        assertThat(calls.failed().calls()).allSatisfy(call -> {
            assertThat(call.code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(call.text()).contains(Scene.SERVICE).contains("no endpoint");
        });
        assertThat(client.call().code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(client.warnings())
                .anyMatch(line -> line.contains(Scene.SERVICE) && line.contains("vanished from the registry together"));
        assertThat(client.counted("grpc.lb.endpoints.suspected")).isEqualTo(3);
    }

    @Test
    @Tag("long")
    @FaultRow(36)
    void allKeysDeletedAndAllServersGone() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        List<SampleServer> servers = listByHand(operator);
        LoadClient client = scene.load(200);
        client.awaitAnswersOf(List.of("1", "2", "3"));
        operator.deleteAll(Scene.PREFIX);
        servers.forEach(SampleServer::kill);
        Moment gone = Moment.now();

        gone.within(Duration.ofSeconds(2), "calls fail", () -> client.call().failed());
        client.awaitReason("36.stopped", servers.get(0).address());
        CallLog.Call call = client.call();
        assertThat(call.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(call.text()).contains(Scene.SERVICE);
        assertThat(call.took()).isLessThan(Duration.ofSeconds(1));
    }

    private List<SampleServer> listByHand(RawEtcd operator) {
        List<SampleServer> servers = List.of("1", "2", "3").stream()
                .map(id -> scene.server(id, "--grpc.lb.registration.enabled=false"))
                .toList();
        servers.forEach(server -> operator.put(Scene.PREFIX + server.id(), server.address()));
        return servers;
    }
}
