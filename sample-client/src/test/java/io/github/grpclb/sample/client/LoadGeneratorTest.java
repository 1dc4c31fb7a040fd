package io.github.grpclb.sample.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadGeneratorTest {

    private static final long MILLI = 1_000_000;
    private static final Outcome OK = new Outcome(Status.Code.OK, "127.0.0.1:8001", "hello");

    private final FakeClock clock = new FakeClock();
    private final List<Long> starts = new ArrayList<>();
    private final List<Long> latencies = new ArrayList<>();

    @Test
    void paceDoesNotDependOnHowLongCallsTake() {
        Deque<CompletableFuture<Outcome>> open = new ArrayDeque<>();
        run(
                number -> {
                    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
                    open.add(outcome);
                    if (number == 3) {
                        open.forEach(each -> each.complete(OK));
                    }
                    return outcome;
                },
                "--rate=100",
                "--calls=4");

        assertThat(starts).containsExactly(0L, 10L, 20L, 30L);
        assertThat(latencies).containsExactlyInAnyOrder(30L, 20L, 10L, 0L);
    }

    @Test
    void aStallCountsForEveryCallThatItDelays() {
        run(
                number -> {
                    clock.now += number == 0 ? 25 * MILLI : 0;
                    return CompletableFuture.completedFuture(OK);
                },
                "--rate=100",
                "--calls=4");

        assertThat(starts).containsExactly(0L, 25L, 25L, 30L);
        assertThat(latencies).containsExactly(25L, 15L, 5L, 0L);
    }

    @Test
    void withoutARateLatencyStartsWithTheCall() {
        run(
                number -> {
                    clock.now += 7 * MILLI;
                    return CompletableFuture.completedFuture(OK);
                },
                "--calls=3");

        assertThat(starts).containsExactly(0L, 7L, 14L);
        assertThat(latencies).containsExactly(7L, 7L, 7L);
    }

    @Test
    void startsNoCallAfterTheDuration() {
        run(number -> CompletableFuture.completedFuture(OK), "--rate=100", "--duration=50ms");

        assertThat(starts).containsExactly(0L, 10L, 20L, 30L, 40L);
    }

    @Test
    void startsNoCallOnceTheFileIsThere(@TempDir Path folder) {
        Path end = folder.resolve("end");
        run(
                number -> {
                    if (number == 2) {
                        create(end);
                    }
                    return CompletableFuture.completedFuture(OK);
                },
                "--rate=100",
                "--until=" + end);

        assertThat(starts).containsExactly(0L, 10L, 20L);
    }

    private static void create(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void neverMoreInFlightThanTheConcurrency() throws InterruptedException {
        List<CompletableFuture<Outcome>> open = new ArrayList<>();
        Thread generator = new Thread(() -> run(
                number -> {
                    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
                    synchronized (open) {
                        open.add(outcome);
                        open.notifyAll();
                    }
                    return outcome;
                },
                "--concurrency=2",
                "--calls=6"));
        generator.start();

        for (int ended = 0; ended < 6; ended++) {
            CompletableFuture<Outcome> first;
            synchronized (open) {
                while (open.isEmpty() || open.size() < 2 && ended < 5) {
                    open.wait();
                }
                assertThat(open).hasSizeLessThanOrEqualTo(2);
                first = open.remove(0);
            }
            first.complete(OK);
        }
        generator.join();

        assertThat(latencies).hasSize(6);
    }

    private void run(LoadGenerator.Call call, String... args) {
        new LoadGenerator(Options.parse(args).load(), clock)
                .run(
                        number -> {
                            starts.add(clock.now / MILLI);
                            return call.start(number);
                        },
                        (outcome, nanos) -> latencies.add(nanos / MILLI));
    }

    private static final class FakeClock implements LoadGenerator.Clock {

        private volatile long now;

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void sleepUntil(long nanoTime) {
            now = Math.max(now, nanoTime);
        }
    }
}
