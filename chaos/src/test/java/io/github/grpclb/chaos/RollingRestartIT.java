package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** All servers are restarted in turn, while clients call. */
@Tag("long")
class RollingRestartIT {

    /** From the moment when a new server says that it is registered until clients call it, on a busy machine. */
    private static final Duration SETTLING = Duration.ofSeconds(1);

    @RegisterExtension
    final Scene scene = new Scene();

    /**
     * Ten cycles over three servers. Each successor starts on a port of its own while its predecessor still serves, which is
     * terminated once the successor is registered; the next successor starts while that one drains. So each server's share is
     * looked at while the next one starts.
     */
    @Test
    @FaultRow(24)
    void tenTimesEachServer() {
        scene.etcd();
        Deque<SampleServer> running = new ArrayDeque<>(scene.servers(3));
        LoadClient client = scene.load(200);
        List<SampleServer> left = new ArrayList<>();
        int looks = 0;
        for (int i = 0; i < 30; i++) {
            long settled = System.nanoTime() + SETTLING.toNanos();
            SampleServer next = scene.server(i % 3 + 1 + "-" + i).awaitRegistered();
            CallLog between = client.soFar().since(settled);
            if (between.size() >= 100) {
                looks++;
                assertEqualShares(between, running);
            }
            SampleServer leaving = running.remove();
            running.add(next);
            leaving.terminate();
            left.add(leaving);
        }
        left.forEach(SampleServer::awaitEnd);
        left.forEach(server -> client.awaitReason("24.gone", server.address()));
        CallLog calls = client.stop();
        calls.allSucceeded(2000);
        assertThat(looks).as("looks at the shares").isGreaterThanOrEqualTo(10);
        Scene.say("%d calls, 0 failed, %d restarts, shares looked at %d times", calls.size(), left.size(), looks);
    }

    /** Among those that were there all the time, the newcomer left aside. */
    private static void assertEqualShares(CallLog calls, Deque<SampleServer> servers) {
        Map<String, Long> shares = calls.byServer();
        shares.keySet().retainAll(servers.stream().map(SampleServer::id).toList());
        double fair = shares.values().stream().mapToLong(Long::longValue).sum() / (double) servers.size();
        assertThat(shares).hasSameSizeAs(servers);
        assertThat(shares.values()).as("shares of %s", shares).allSatisfy(share -> assertThat((double) share)
                .isBetween(0.8 * fair - 1, 1.2 * fair + 1));
    }

    /**
     * Five servers, each ended in order and started again on its port ten times, one after the other; the next one's turn comes
     * when it is registered. Meanwhile etcd is killed, frozen beyond the TTL, and wiped, at random moments.
     */
    @Test
    @Tag("headline")
    void whileEtcdIsKilledFrozenAndWiped() throws Exception {
        EtcdProcess etcd = scene.etcd();
        List<SampleServer> servers = new ArrayList<>(scene.servers(5));
        LoadClient client = scene.load(500);
        EtcdTrouble trouble =
                scene.add(new EtcdTrouble(etcd, new Random(scene.random().nextLong())));
        int restarts = 0;
        for (int cycle = 0; cycle < 10; cycle++) {
            for (int i = 0; i < servers.size(); i++) {
                SampleServer leaving = servers.get(i);
                String port = Integer.toString(leaving.port());
                leaving.terminate();
                leaving.awaitEnd();
                servers.set(i, scene.server(leaving.id(), "--port=" + port).awaitRegistered());
                restarts++;
            }
        }
        while (client.soFar().size() < 100_000) {
            Scene.during(Duration.ofSeconds(5));
        }
        trouble.close();
        CallLog calls = client.stop();
        Scene.say(
                "%d calls, %d failed, %d restarts, etcd: %s",
                calls.size(), calls.failed().size(), restarts, trouble.summary());
        calls.allSucceeded(100_000);
        assertThat(restarts).isEqualTo(50);
        assertThat(trouble.summary()).containsKeys("killed", "frozen", "wiped");
    }
}
