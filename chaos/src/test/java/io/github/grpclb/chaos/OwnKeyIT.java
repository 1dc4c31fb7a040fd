package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.ReasonTable;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server's key is held by its predecessor, wanted by another process, or changed by an operator. */
class OwnKeyIT {

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(28)
    @Tag("long")
    void oldLeaseOfTheSameAddressEnds() {
        EtcdProcess etcd = scene.etcd();
        // longer than a JVM takes to start on the busiest machine, else there is no old lease left to meet
        String ttl = "--grpc.lb.registration.ttl=60s";
        List<SampleServer> servers = scene.servers(2, ttl);
        SampleServer victim = servers.get(0);
        String address = victim.address();
        RawEtcd operator = scene.operator(etcd);
        long oldLease = operator.lease(Scene.PREFIX + address);
        LoadClient client = scene.load(200);
        ListLog lists = client.lists();

        victim.kill();
        long dead = System.nanoTime();
        client.awaitReason("28.killed", address);
        SampleServer next = scene.server(victim.id(), ttl, "--port=" + address.split(":")[1]);
        next.awaitRegistered();
        assertThat(operator.lease(Scene.PREFIX + address)).as("lease").isNotEqualTo(oldLease);
        operator.revoke(oldLease); // what etcd itself does when its time has come
        long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (System.nanoTime() - end < 0) {
            assertThat(operator.all()).containsKey(Scene.PREFIX + address).hasSize(2);
            Scene.during(Duration.ofMillis(200));
        }
        client.awaitReason("28.back", address);

        CallLog calls = client.stop();
        assertThat(lists.all())
                .as("lists")
                .allSatisfy(list -> assertThat(list).hasSize(2).contains(address));
        assertThat(calls.failed()
                        .where(call -> !call.peer().equals(address)
                                || call.code() != Status.Code.UNAVAILABLE
                                || call.start() - dead > Duration.ofMillis(500).toNanos())
                        .summary())
                .as("failed, but not in flight at the one that was killed")
                .isEmpty();
        assertThat(calls.since(end - Duration.ofSeconds(4).toNanos()).byServer())
                .as("both answer at the end")
                .hasSize(2);
        Scene.say("%d calls, %d failed in flight", calls.size(), calls.failed().size());
    }

    @Test
    @FaultRow(29)
    void twoProcessesOfOneId() {
        EtcdProcess etcd = scene.etcd();
        SampleServer one = scene.server("same");
        one.awaitRegistered();
        SampleServer two = scene.server("same").awaitRegistered();
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(200);
        await("both serve").atMost(Scene.RECOVERY).until(() -> client.soFar().calls().stream()
                .map(CallLog.Call::peer)
                .collect(Collectors.toSet())
                .containsAll(List.of(one.address(), two.address())));
        client.awaitReason("29.first", one.address());
        client.awaitReason("29.second", two.address());

        two.terminate();
        two.awaitEnd();
        assertThat(operator.all()).as("keys").containsOnlyKeys(Scene.PREFIX + one.address());
        Scene.during(Scene.TTL.plusSeconds(1));
        assertThat(operator.all()).as("keys").containsOnlyKeys(Scene.PREFIX + one.address());
        client.stop().allSucceeded(1000);
    }

    @Test
    @FaultRow(29)
    void twoProcessesThatAnnounceOneAddress() {
        EtcdProcess etcd = scene.etcd();
        SampleServer one = scene.server("one").awaitRegistered();
        String key = Scene.PREFIX + one.address();
        RawEtcd operator = scene.operator(etcd);
        String value = operator.all().get(key);
        long lease = operator.lease(key);

        String address = "--grpc.lb.registration.port=" + one.address().split(":")[1];
        SampleServer two = scene.server(
                "two",
                Stream.concat(SampleServer.HTTP.stream(), Stream.of(address)).toArray(String[]::new));
        await("the second is told")
                .atMost(Scene.TTL.multipliedBy(2).plusSeconds(30))
                .until(() -> two.logged("WARN") > 0 && two.logged("two live processes announce this address") > 0);
        String timeline = two.timeline();
        ReasonTable.require("29.told", timeline.contains("\"kind\":\"CONFLICT\"") ? "CONFLICT" : timeline);
        two.terminate();
        two.awaitEnd();

        Scene.during(Duration.ofSeconds(1));
        assertThat(operator.all()).containsExactlyEntriesOf(Map.of(key, value));
        assertThat(operator.lease(key)).as("lease").isEqualTo(lease);
    }

    @Test
    @FaultRow(30)
    void deletedAndOverwrittenByAnOperator() {
        EtcdProcess etcd = scene.etcd();
        scene.servers(2);
        SampleServer victim =
                scene.server("3", SampleServer.HTTP.toArray(String[]::new)).awaitRegistered();
        String key = Scene.PREFIX + victim.address();
        RawEtcd operator = scene.operator(etcd);
        String value = operator.all().get(key);
        long lease = operator.lease(key);
        LoadClient client = scene.load(200);

        long slowest = 0;
        for (int i = 0; i < 4; i++) {
            Scene.during(Duration.ofMillis(scene.random().nextInt(1000)));
            if (i % 2 == 0) {
                operator.delete(key);
            } else {
                operator.put(key, "nobody's");
            }
            long done = System.nanoTime();
            await("put back under its lease")
                    .atMost(Scene.TTL.dividedBy(3).plusSeconds(1))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> value.equals(operator.all().get(key)) && operator.lease(key) == lease);
            slowest = Math.max(slowest, System.nanoTime() - done);
        }
        client.awaitEvent("30.deleted", victim.address());
        client.awaitEvent("30.overwritten", victim.address());
        client.awaitReason("30.back", victim.address());
        assertThat(victim.logged("lost, the key was deleted")).isEqualTo(2);
        assertThat(victim.logged("lost, the value was overwritten")).isEqualTo(2);
        for (String reason : List.of("key_deleted", "value_overwritten")) {
            assertThat(victim.meter("grpc.lb.registrations.lost", "reason:" + reason))
                    .as("meter of %s", reason)
                    .contains("\"statistic\":\"COUNT\",\"value\":2.0");
        }
        CallLog calls = client.stop();
        calls.allSucceeded(200);
        Scene.say("%d calls, 0 failed, put back within %d ms", calls.size(), slowest / 1_000_000);
    }
}
