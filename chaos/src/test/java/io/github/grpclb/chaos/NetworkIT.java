package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TcpProxy;
import io.github.grpclb.testing.TcpProxy.Direction;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The network between etcd and those who use it. */
@Tag("long")
class NetworkIT {

    /** HTTP/2 keepalive: a ping after 10 s without a byte, 5 s for its answer; and a second for a busy machine. */
    private static final Duration NOTICED = Duration.ofSeconds(15 + 1);

    /** Netty makes them one by one, for the first new connections. */
    private static final int MORE_EVENT_LOOPS = 2 * Runtime.getRuntime().availableProcessors();

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(12)
    void packetsVanishBetweenEtcdAndAllOthers() {
        EtcdProcess etcd = scene.etcd();
        TcpProxy proxy = scene.add(TcpProxy.to(etcd.endpoint()));
        scene.registry(proxy.endpoint());
        List<SampleServer> servers = scene.servers(2);
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(200);
        EtcdConnection connection = client.context().getBean(EtcdConnection.class);

        long begun = System.nanoTime();
        proxy.stall();
        await("the client notices").atMost(NOTICED).until(() -> connection.unreachableBecause() != null);
        long noticed = System.nanoTime();
        await("the servers notice").atMost(NOTICED).until(() -> servers.stream()
                .allMatch(server -> server.logged("what is known stays in use") > 0));
        Scene.during(Scene.TTL.multipliedBy(4).minus(Duration.ofNanos(System.nanoTime() - begun)));
        assertThat(operator.all()).as("keys").isEmpty();

        proxy.heal();
        await("registered again")
                .atMost(Scene.RECOVERY)
                .until(() -> operator.all().size() == 2);
        SampleServer late = scene.server("late").awaitRegistered();
        await("a new one is found")
                .atMost(Scene.RECOVERY)
                .until(() -> client.soFar().byServer().containsKey("late"));
        CallLog calls = client.stop();
        calls.allSucceeded(2000);
        assertThat(late.logged("lost, ")).isZero();
        assertThat(servers).allSatisfy(server -> assertThat(server.logged("what is known stays in use"))
                .as("warnings of server %s in 20 s", server.id())
                .isLessThanOrEqualTo(2));
        Scene.say("%d calls, 0 failed, noticed after %d ms", calls.size(), (noticed - begun) / 1_000_000);
    }

    @Test
    @FaultRow(13)
    void slowRepliesThenFlapsThenCuts() {
        EtcdProcess etcd = scene.etcd();
        TcpProxy proxy = scene.add(TcpProxy.to(etcd.endpoint()));
        scene.registry(proxy.endpoint());
        scene.servers(2);
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(100);
        Scene.during(Duration.ofSeconds(2));
        int threads = threads().size();
        long streams = etcd.metric("etcd_debugging_mvcc_watch_stream_total");

        Random random = scene.random();
        proxy.delay(Direction.TO_CLIENT, () -> Duration.ofMillis(random.nextInt(2000, 8000)));
        Scene.during(Duration.ofSeconds(20));
        proxy.heal();
        assertConverges(client, operator, 2);

        for (int i = 0; i < 200; i++) {
            proxy.reset();
            Scene.during(Duration.ofMillis(random.nextInt(100)));
        }
        assertConverges(client, operator, 3);

        int before = proxy.accepted();
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (System.nanoTime() - end < 0) {
            proxy.cutAfter(random.nextInt(1, 600));
            proxy.reset();
            Scene.during(Duration.ofMillis(300));
        }
        assertThat(proxy.accepted() - before).as("connections that were cut").isGreaterThan(20);
        proxy.heal();
        assertConverges(client, operator, 4);

        CallLog calls = client.stop();
        calls.allSucceeded(2000);
        await("threads return").atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(threads())
                .hasSizeLessThanOrEqualTo(threads + MORE_EVENT_LOOPS));
        // of the clients', one more for each new server's own
        await("watch streams return").atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(
                        etcd.metric("etcd_debugging_mvcc_watch_stream_total"))
                .isLessThanOrEqualTo(streams + 3));
        Scene.say(
                "%d calls, 0 failed, %d connections, threads %d → %d, watch streams %d → %d",
                calls.size(),
                proxy.accepted(),
                threads,
                threads().size(),
                streams,
                etcd.metric("etcd_debugging_mvcc_watch_stream_total"));
    }

    /** All are registered within the bound; then a new one is found within it. */
    private void assertConverges(LoadClient client, RawEtcd operator, int servers) {
        await(servers + " registered")
                .atMost(Scene.RECOVERY)
                .until(() -> operator.all().size() == servers);
        String id = "late-" + servers;
        scene.server(id).awaitRegistered();
        await("a new one is found")
                .atMost(Scene.RECOVERY)
                .until(() -> client.soFar().byServer().containsKey(id));
    }

    @Test
    @FaultRow(14)
    void compactedWhileTheClientIsCutOff() {
        EtcdProcess etcd = scene.etcd();
        TcpProxy proxy = scene.add(TcpProxy.to(etcd.endpoint()));
        List<String> known =
                scene.servers(2).stream().map(SampleServer::address).sorted().toList();
        RawEtcd operator = scene.operator(etcd);
        scene.registry(proxy.endpoint());
        LoadClient client = scene.load(200);
        ListLog lists = client.lists();

        proxy.cut();
        scene.registry(etcd.endpoint());
        SampleServer late = scene.server("late").awaitRegistered();
        for (int i = 0; i < 100; i++) {
            operator.put("/elsewhere", Integer.toString(i));
        }
        operator.compact();
        proxy.heal();
        await("the new one is found")
                .atMost(Scene.RECOVERY)
                .until(() -> client.soFar().byServer().containsKey("late"));
        late.terminate();
        await("the watch lives").atMost(Scene.RECOVERY).until(() -> lists.last().equals(known));

        late.awaitEnd();
        CallLog calls = client.stop();
        calls.allSucceeded(500);
        assertThat(lists.all()).as("lists").allSatisfy(list -> assertThat(list).containsAll(known));
        assertThat(lists.all()).as("at first, listed anew, draining, gone").hasSize(4);
        Scene.say("%d calls, 0 failed", calls.size());
    }

    /** Whole connections die silently here; that of a watch alone is shown in virtual time, as both share one connection. */
    @Test
    @FaultRow(15)
    void connectionIsForgottenInTheMiddle() {
        EtcdProcess etcd = scene.etcd();
        TcpProxy proxy = scene.add(TcpProxy.to(etcd.endpoint()));
        scene.servers(2);
        scene.registry(proxy.endpoint());
        LoadClient client = scene.load(100);
        ListLog lists = client.lists();
        scene.registry(etcd.endpoint());

        proxy.forget(Direction.TO_CLIENT);
        long begun = System.nanoTime();
        SampleServer late = scene.server("late").awaitRegistered();
        await("repaired").atMost(NOTICED.plus(Scene.RECOVERY)).until(() -> lists.last()
                .contains(late.address()));
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        await("called")
                .atMost(Scene.RECOVERY)
                .until(() -> client.soFar().byServer().containsKey("late"));
        CallLog calls = client.stop();
        calls.allSucceeded(500);
        Scene.say("%d calls, 0 failed, repaired after %d ms", calls.size(), took.toMillis());
    }

    /** Threads of this JVM, but the proxy's and the pool that runs the calls' callbacks, which grows with a busy machine. */
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> !name.startsWith("tcp-proxy") && !name.startsWith("grpc-default-executor"))
                .sorted()
                .toList();
    }
}
