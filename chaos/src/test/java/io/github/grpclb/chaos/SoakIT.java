package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Everything changes for half an hour, and nothing grows. How long: {@code soak.minutes}, from 3. */
@Tag("long")
@Tag("soak")
class SoakIT {

    private static final int SERVERS = 4;
    private static final int CALLS_PER_SECOND = 50;

    @RegisterExtension
    final Scene scene = new Scene();

    private final List<Footprint> samples = new ArrayList<>();
    private final List<Integer> serverDescriptors = new ArrayList<>();
    private EtcdProcess etcd;
    private RawEtcd operator;
    private List<SampleServer> servers;
    private int calls;

    @Test
    void nothingGrows() {
        int minutes = Integer.getInteger("soak.minutes", 30);
        assertThat(minutes).as("soak.minutes").isGreaterThanOrEqualTo(3);
        etcd = scene.etcd();
        operator = scene.operator(etcd);
        servers = new ArrayList<>(scene.servers(SERVERS));
        LoadClient client = scene.client();
        // the first call of a cold JVM on a busy machine may take longer than its deadline
        await().atMost(Duration.ofSeconds(30)).until(() -> !client.call().failed());
        client.take();
        client.begin(CALLS_PER_SECOND);
        for (int minute = 1; minute <= minutes; minute++) {
            long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
            while (System.nanoTime() < end) {
                happen();
                Scene.during(Duration.ofMillis(1000 + scene.random().nextInt(3000)));
            }
            sample(client, minute);
        }
        System.out.printf("chaos: %d calls in %d minutes, 0 failed%n", calls, minutes);
        assertThat(calls).isGreaterThan(minutes * 60 * CALLS_PER_SECOND / 2);
        requireFlat("threads", Footprint::threads, 3);
        requireFlat("descriptors", Footprint::descriptors, 6);
        requireFlat("heap", Footprint::heapMiB, 4);
        requireFlat("watch streams", Footprint::streams, 0);
        requireFlat("watchers", Footprint::watchers, 0);
        requireFlat("leases", Footprint::leases, 0);
        assertThat(serverDescriptors.get(serverDescriptors.size() - 1))
                .as("descriptors of the oldest server")
                .isLessThanOrEqualTo(serverDescriptors.get(0) + 6);
    }

    private void happen() {
        switch (scene.random().nextInt(8)) {
            case 0 -> {
                etcd.kill();
                Scene.during(Duration.ofMillis(scene.random().nextInt(2000)));
                etcd.start();
            }
            case 1 -> {
                etcd.pause();
                Scene.during(Duration.ofMillis(scene.random().nextInt(2000)));
                etcd.resume();
            }
            case 2 -> replaceAServer();
            case 3 -> {
                String dead = "127.1.0." + (1 + scene.random().nextInt(250)) + ":1";
                operator.put(Scene.PREFIX + dead, dead);
                Scene.during(Duration.ofMillis(500));
                operator.delete(Scene.PREFIX + dead);
            }
            default -> changeAWeight();
        }
    }

    private void changeAWeight() {
        SampleServer server = servers.get(scene.random().nextInt(SERVERS));
        String key = Scene.PREFIX + server.address();
        String record = operator.all().get(key);
        if (record != null) {
            String weight = "\"weight\":" + (1 + scene.random().nextInt(9));
            operator.edit(key, record.replaceFirst("\"weight\":\\d+", weight));
        }
    }

    /** Replaces one of the servers, never the first. */
    private void replaceAServer() {
        int at = 1 + scene.random().nextInt(SERVERS - 1);
        SampleServer old = servers.get(at);
        servers.set(at, scene.server(old.id()).awaitRegistered());
        old.terminate();
        old.awaitEnd();
    }

    private void sample(LoadClient client, int minute) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(operator.all()).hasSize(SERVERS));
        // the client follows by one watch; servers look after their keys without one
        await().atMost(Duration.ofSeconds(20))
                .until(() -> etcd.metric("etcd_debugging_mvcc_watcher_total") == 1 && operator.leases() == SERVERS);
        CallLog made = client.take();
        made.allSucceeded(1);
        calls += made.size();
        Footprint now = Footprint.of(etcd, operator);
        samples.add(now);
        serverDescriptors.add(Footprint.descriptors(servers.get(0).pid()));
        System.out.printf(
                "chaos: minute %d: %s; oldest server %d descriptors; %d calls%n",
                minute, now, serverDescriptors.get(minute - 1), calls);
    }

    /** Compares the last third's mean with that of the first; the first minute, in which classes are loaded, does not count. */
    private void requireFlat(String what, ToDoubleFunction<Footprint> figure, double tolerance) {
        List<Footprint> counted = samples.subList(1, samples.size());
        int third = Math.max(1, counted.size() / 3);
        double first = mean(counted.subList(0, third), figure);
        double last = mean(counted.subList(counted.size() - third, counted.size()), figure);
        assertThat(last).as(what + ", first " + first).isLessThanOrEqualTo(first + tolerance);
    }

    private static double mean(List<Footprint> some, ToDoubleFunction<Footprint> figure) {
        return some.stream().mapToDouble(figure).average().orElseThrow();
    }
}
