package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Records of servers that are not there. */
class StaleKeysIT {

    /** TEST-NET-1: packets to it go nowhere. */
    private static final String NOWHERE = "192.0.2.1:50051";

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(37)
    void serversThatRefuseOrSwallowConnections() throws IOException {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        SampleServer server = scene.servers(1).get(0);
        ServerSocket silent = scene.add(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        List<String> stale = List.of("127.0.0.1:1", "127.0.0.1:" + silent.getLocalPort(), NOWHERE);
        LoadClient before = scene.load(100);
        stale.forEach(address -> operator.put(Scene.PREFIX + address, address));
        // one that meets them at its start: its first call waits for one that is ready, not for all
        LoadClient after = scene.client();
        CallLog.Call first = after.call();
        assertThat(first.failed()).isFalse();
        assertThat(first.took()).isLessThan(Duration.ofSeconds(3));
        after.begin(100);
        Moment.now().within(Scene.RECOVERY, "both know all four", () -> Stream.of(before, after)
                .allMatch(client -> client.lists().last().size() == 4));
        Scene.during(Duration.ofSeconds(6));
        for (LoadClient client : List.of(before, after)) {
            client.awaitReason("37.refuses", stale.get(0));
            client.awaitReason("37.silent", stale.get(1));
            client.awaitReason("37.nowhere", stale.get(2));
        }
        stale.forEach(address -> operator.delete(Scene.PREFIX + address));
        await().untilAsserted(() -> assertThat(operator.all()).hasSize(1));
        Scene.during(Duration.ofSeconds(1));
        for (LoadClient client : List.of(before, after)) {
            CallLog calls = client.stop();
            calls.allSucceeded(500);
            assertThat(calls.byServer()).containsOnlyKeys(server.id());
        }
    }
}
