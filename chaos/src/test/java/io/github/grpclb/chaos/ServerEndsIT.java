package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TcpProxy;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server ends: killed, or in order, with etcd there or not. */
class ServerEndsIT {

    /** From the end of a killed process until a client's thread, on a busy machine, has read that its connections are gone. */
    private static final Duration NOTICED = Duration.ofMillis(500);

    /** What etcd takes to let a lease go that ran out. */
    private static final Duration EXPIRY = Duration.ofSeconds(2);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(22)
    void killedUnderLoad() {
        EtcdProcess etcd = scene.etcd();
        List<SampleServer> servers = scene.servers(3, "--delay=20ms");
        SampleServer victim = servers.get(scene.random().nextInt(3));
        String address = victim.address();
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(300);
        Scene.during(Duration.ofMillis(1000 + scene.random().nextInt(1000)));

        victim.kill();
        long dead = System.nanoTime();
        client.awaitReason("22.listed", address);
        awaitGone(operator, address);
        Duration gone = Duration.ofNanos(System.nanoTime() - dead);
        Moment.now()
                .within(
                        Scene.RECOVERY,
                        "client knows",
                        () -> client.lists().last().size() == 2);
        assertThat(client.lists().last()).doesNotContain(address);
        client.awaitReason("22.gone", address);

        CallLog calls = client.stop();
        CallLog failed = calls.failed();
        assertThat(failed.where(call -> !call.peer().equals(address)
                                || call.code() != Status.Code.UNAVAILABLE
                                || call.start() - dead > NOTICED.toNanos())
                        .summary())
                .as("failed, but not in flight at %s", address)
                .isEmpty();
        assertThat(calls.since(dead + NOTICED.toNanos()).byServer())
                .as("answered afterwards")
                .hasSize(2);
        Scene.say("%d calls, %d failed in flight, key gone after %d ms", calls.size(), failed.size(), gone.toMillis());
    }

    @Test
    @FaultRow(23)
    void terminatedUnderLoad() {
        EtcdProcess etcd = scene.etcd();
        List<SampleServer> servers = scene.servers(3, "--delay=20ms");
        SampleServer victim = servers.get(scene.random().nextInt(3));
        RawEtcd operator = scene.operator(etcd);
        CompletableFuture<Boolean> withdrawnBefore = atGoAway(victim);
        LoadClient client = scene.load(500);
        Scene.during(Duration.ofMillis(1000 + scene.random().nextInt(1000)));

        long asked = System.nanoTime();
        victim.terminate();
        client.awaitReason("23.draining", victim.address());
        int exit = victim.awaitEnd();
        Duration took = Duration.ofNanos(System.nanoTime() - asked);

        assertThat(withdrawnBefore)
                .as("key gone when the server says that it stops")
                .isCompletedWithValue(true);
        assertThat(operator.all()).as("keys").hasSize(2);
        client.awaitReason("23.gone", victim.address());
        assertThat(exit).as("exit code").isEqualTo(128 + 15);
        assertThat(took).as("time to end, at most drain.timeout").isLessThan(Duration.ofSeconds(10));
        Scene.during(Duration.ofSeconds(1));
        client.awaitCalls(1000);
        CallLog calls = client.stop();
        calls.allSucceeded(1000);
        Scene.say("%d calls, 0 failed, ended after %d ms", calls.size(), took.toMillis());
    }

    @Test
    @FaultRow(31)
    void terminatedWhileEtcdCannotBeReached() {
        EtcdProcess etcd = scene.etcd();
        TcpProxy proxy = scene.add(TcpProxy.to(etcd.endpoint()));
        scene.servers(2);
        scene.registry(proxy.endpoint());
        SampleServer victim = scene.server("3").awaitRegistered();
        String address = victim.address();
        scene.registry(etcd.endpoint());
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(200);

        proxy.stall();
        long asked = System.nanoTime();
        victim.terminate();
        victim.awaitEnd();
        Duration took = Duration.ofNanos(System.nanoTime() - asked);

        assertThat(took).as("withdraw-timeout, and what a JVM takes to end").isLessThan(Duration.ofSeconds(3 + 4));
        awaitGone(operator, address);
        Scene.during(Duration.ofSeconds(1));
        CallLog calls = client.stop();
        calls.allSucceeded(200);
        Scene.say("%d calls, 0 failed, ended after %d ms", calls.size(), took.toMillis());
    }

    /** Returns whether a server had said that it is withdrawn when a connection of its own heard that it stops. */
    private CompletableFuture<Boolean> atGoAway(SampleServer server) {
        CompletableFuture<Boolean> withdrawn = new CompletableFuture<>();
        ManagedChannel direct = Grpc.newChannelBuilder(server.address(), InsecureChannelCredentials.create())
                .build();
        scene.add(direct::shutdownNow);
        direct.getState(true);
        await("connection").until(() -> direct.getState(false) == ConnectivityState.READY);
        direct.notifyWhenStateChanged(
                ConnectivityState.READY,
                () -> withdrawn.complete(server.log().contains(server.address() + ": withdrawn")));
        return withdrawn;
    }

    private static void awaitGone(RawEtcd operator, String address) {
        await("key of " + address + " gone")
                .atMost(Scene.TTL.plus(EXPIRY))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> !operator.all().containsKey(Scene.PREFIX + address));
    }
}
