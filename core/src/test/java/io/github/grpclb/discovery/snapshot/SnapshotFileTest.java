package io.github.grpclb.discovery.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** When a list is written. */
@ExtendWith(CapturedLog.Extension.class)
class SnapshotFileTest {

    private final FakeClock scheduler = new FakeClock();
    private final List<Integer> written = new ArrayList<>();
    private boolean full;
    private final SnapshotFile file = new SnapshotFile(
            new RegistryLoop(scheduler, scheduler::nanoTime, new Random(7)),
            Duration.ofHours(24),
            (list, asOf) -> {
                if (full) {
                    throw new IOException("disk full");
                }
                written.add(list.get(0).weight());
            },
            "svc.json");

    @Test
    void writesManyChangesAtMostEveryFiveSecondsAndEndsExact() {
        for (int i = 0; i <= 200; i++) {
            confirmed(i);
            after(Duration.ofMillis(100));
        }
        after(SnapshotFile.PAUSE);
        assertThat(written).hasSize(6).startsWith(0).endsWith(200);
    }

    @Test
    void writesAnUnchangedListOnceAnHour() {
        for (int i = 0; i < 180; i++) {
            confirmed(1);
            after(Duration.ofMinutes(1));
        }
        assertThat(written).hasSize(3);
    }

    @Test
    void writesAtTheEndOnlyWhatIsNewer() {
        confirmed(1);
        file.flush();
        assertThat(written).containsExactly(1);
        after(Duration.ofMillis(10));
        confirmed(2);
        file.flush();
        assertThat(written).containsExactly(1, 2);
    }

    @Test
    void triesAgainAndComplainsOnceAMinuteWhenTheDiskIsFull(CapturedLog output) {
        full = true;
        for (int i = 0; i < 900; i++) {
            confirmed(i);
            after(Duration.ofMillis(100));
        }
        assertThat(output.toString().lines().filter(line -> line.contains("could not be written")))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("WARN", "svc.json", "disk full"));
        full = false;
        after(SnapshotFile.PAUSE);
        confirmed(900);
        after(SnapshotFile.PAUSE);
        assertThat(written).endsWith(900);
    }

    private void confirmed(int weight) {
        file.confirmed(
                List.of(Endpoint.builder("svc", "10.0.0.1", 1).weight(weight).build()),
                scheduler.nanoTime() / 1_000_000 + 1);
    }

    private void after(Duration time) {
        scheduler.forward(time);
    }
}
