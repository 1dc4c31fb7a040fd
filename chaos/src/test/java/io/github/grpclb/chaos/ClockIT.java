package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The wall clock of a server's process jumps, its monotonic clock does not. */
@Tag("long")
class ClockIT {

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(35)
    void jumpsByAnHourAndByTenYears() throws IOException {
        Path library = Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
                .map(folder -> Path.of(folder, "faketime", "libfaketime.so.1"))
                .filter(Files::exists)
                .findFirst()
                .orElseGet(() -> Assumptions.abort("No libfaketime (apt-get install faketime)"));
        Path clock = scene.logs().resolve("clock").toAbsolutePath();
        set(clock, "+0");
        EtcdProcess etcd = scene.etcd();
        scene.servers(1);
        SampleServer victim = scene.server(
                        List.of(
                                "env",
                                "LD_PRELOAD=" + library,
                                "FAKETIME_TIMESTAMP_FILE=" + clock,
                                "FAKETIME_NO_CACHE=1",
                                "FAKETIME_DONT_FAKE_MONOTONIC=1",
                                // else it wakes waits on the monotonic clock by the other one: the JVM hangs, whatever
                                // runs in it
                                "FAKETIME_FORCE_MONOTONIC_FIX=0"),
                        "2")
                .awaitRegistered();
        String key = Scene.PREFIX + victim.address();
        RawEtcd operator = scene.operator(etcd);
        LoadClient client = scene.load(100);
        ListLog lists = client.lists();
        long lease = operator.lease(key);
        String value = operator.all().get(key);

        for (String jump : List.of("+1h", "-1h", "+10y", "-10y", "+0")) {
            set(clock, jump);
            long end = System.nanoTime()
                    + Scene.TTL.plusMillis(scene.random().nextInt(500)).toNanos();
            while (System.nanoTime() - end < 0) {
                assertThat(operator.all()).as("keys after %s", jump).containsEntry(key, value);
                Scene.during(Duration.ofMillis(200));
            }
        }
        assertThat(operator.lease(key)).as("lease").isEqualTo(lease);
        lists.neverChanged();
        assertThat(victim.logged("lost, ")).isZero();
        client.stop().allSucceeded(1000);

        set(clock, "-10y");
        victim.terminate();
        victim.awaitEnd();
        assertThat(victim.log()).as("its log, of a clock that did jump").contains("2016-");
        await("withdrawn").until(() -> !operator.all().containsKey(key));
    }

    /** Replaces the file in one step: the process reads it with each look at the clock. */
    private static void set(Path clock, String offset) throws IOException {
        Path next = clock.resolveSibling("clock.next");
        Files.writeString(next, offset + "\n");
        Files.move(next, clock, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
