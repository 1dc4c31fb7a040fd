package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server's process is frozen: its connections stay open, it answers nothing. Calls have a deadline of 5 s. */
@Tag("long")
class FrozenServerIT {

    /** What etcd takes to let a lease go that ran out, and a client to follow. */
    private static final Duration EXPIRY = Duration.ofSeconds(2);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(25)
    void beyondTheTtlAndThenOn() {
        EtcdProcess etcd = scene.etcd();
        List<SampleServer> servers = scene.servers(3);
        SampleServer victim = servers.get(scene.random().nextInt(3));
        String address = victim.address();
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(100);
        ListLog lists = client.lists();

        long frozen = System.nanoTime();
        victim.pause();
        await("the client no longer knows it")
                .atMost(Scene.TTL.plus(EXPIRY))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> !lists.last().contains(address));
        Duration dropped = since(frozen);
        client.awaitReason("25.gone", address);
        Scene.during(Scene.TTL.multipliedBy(3).minus(since(frozen)));
        assertThat(operator.all()).hasSize(2);

        long resumed = System.nanoTime();
        victim.resume();
        await("back with exactly one key")
                .atMost(Duration.ofSeconds(2))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> operator.all().size() == 3 && operator.all().containsKey(Scene.PREFIX + address));
        Duration back = since(resumed);
        await("answers again")
                .atMost(Scene.RECOVERY)
                .until(() -> client.soFar().since(resumed).byServer().containsKey(victim.id()));
        client.awaitReason("25.back", address);
        Scene.during(Scene.TTL);
        assertThat(operator.all()).hasSize(3);
        assertThat(victim.logged("registered again")).isOne();

        CallLog calls = client.stop();
        assertFailedOnlyAt(calls, address, frozen, Scene.TTL.plus(EXPIRY));
        Scene.say(
                "%d calls, %d failed at the frozen one, dropped after %d ms, back after %d ms",
                calls.size(), calls.failed().size(), dropped.toMillis(), back.toMillis());
    }

    @Test
    @FaultRow(26)
    void againAndAgainForLessThanHalfATtl() {
        EtcdProcess etcd = scene.etcd();
        List<SampleServer> servers = scene.servers(3);
        SampleServer victim = servers.get(scene.random().nextInt(3));
        String key = Scene.PREFIX + victim.address();
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(100);
        ListLog lists = client.lists();
        long lease = operator.lease(key);

        for (int i = 0; i < 6; i++) {
            victim.pause();
            Scene.during(Duration.ofMillis(1800 + scene.random().nextInt(600)));
            client.awaitReason("26.stalls", victim.address());
            long resumed = System.nanoTime();
            victim.resume();
            // two pauses with no answer between them would be one that is longer
            await("it answers")
                    .atMost(Scene.RECOVERY)
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> client.soFar()
                            .where(call -> call.start() - resumed > 0)
                            .byServer()
                            .containsKey(victim.id()));
            Scene.during(Duration.ofMillis(scene.random().nextInt(600)));
        }

        CallLog calls = client.stop();
        calls.allSucceeded(1000);
        assertThat(operator.lease(key)).as("lease").isEqualTo(lease);
        lists.neverChanged();
        assertThat(victim.logged("lost, ")).isZero();
        Scene.say("%d calls, 0 failed, the slowest %s", calls.size(), calls.slowest());
    }

    /** Channel keepalive, as docs/operations.md names it for both sides, moves the traffic where the lease does not. */
    @Test
    @FaultRow(27)
    void underALeaseThatDoesNotEnd() {
        scene.etcd();
        List<SampleServer> servers = scene.servers(3, "--grpc.lb.registration.ttl=1h");
        SampleServer victim = servers.get(scene.random().nextInt(3));
        String address = victim.address();
        LoadClient client = scene.load(100, Host.current().keepAlive().toArray(String[]::new));
        ListLog lists = client.lists();

        long frozen = System.nanoTime();
        victim.pause();
        Duration noticed = Duration.ofSeconds(15 + 1);
        Scene.during(noticed.plusSeconds(12));
        lists.neverChanged();
        client.awaitReason("27.frozen", address);
        victim.resume();
        long resumed = System.nanoTime();
        await("answers again")
                .atMost(Duration.ofSeconds(30))
                .until(() -> client.soFar().since(resumed).byServer().containsKey(victim.id()));
        client.awaitReason("27.back", address);

        CallLog calls = client.stop();
        assertFailedOnlyAt(calls, address, frozen, noticed);
        CallLog failed = calls.failed();
        Scene.say(
                "%d calls, %d failed at the frozen one, the last begun %d ms after the freeze",
                calls.size(), failed.size(), failed.lastStart(frozen).toMillis());
    }

    /** Those that failed were at the frozen server, begun before it was noticed, and ended no later than by their deadline. */
    private static void assertFailedOnlyAt(CallLog calls, String address, long frozen, Duration noticed) {
        assertThat(calls.failed()
                        .where(call -> !call.peer().equals(address)
                                || call.start() - frozen > noticed.toNanos()
                                || call.code() != Status.Code.DEADLINE_EXCEEDED
                                        && call.code() != Status.Code.UNAVAILABLE
                                || call.took().compareTo(Duration.ofSeconds(7)) > 0)
                        .summary())
                .as("failed, but not at %s until it was noticed", address)
                .isEmpty();
        assertThat(calls.since(frozen + noticed.toNanos()).size())
                .as("calls afterwards")
                .isGreaterThan(200);
    }

    private static Duration since(long nanoTime) {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }
}
