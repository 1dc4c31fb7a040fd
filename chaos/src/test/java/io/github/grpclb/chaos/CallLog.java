package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Every call that a client made, and the checks over them. Immutable.
 *
 * @param calls in the order of their start
 */
record CallLog(List<Call> calls) {

    /**
     * One call.
     *
     * @param start {@link System#nanoTime} when it was planned to start
     * @param end {@link System#nanoTime} when it had ended
     * @param code how it ended
     * @param server id of the server that answered; empty if it failed
     * @param peer address of the server that it was sent to, {@code host:port}; empty if it was sent to none
     * @param text description of the failure
     */
    record Call(long start, long end, Status.Code code, String server, String peer, String text) {

        boolean failed() {
            return code != Status.Code.OK;
        }

        Duration took() {
            return Duration.ofNanos(end - start);
        }
    }

    CallLog {
        calls = calls.stream().sorted(Comparator.comparingLong(Call::start)).toList();
    }

    int size() {
        return calls.size();
    }

    CallLog failed() {
        return where(Call::failed);
    }

    CallLog where(Predicate<Call> condition) {
        return new CallLog(calls.stream().filter(condition).toList());
    }

    /** Those that started at or after a moment of {@link System#nanoTime}. */
    CallLog since(long nanoTime) {
        return where(call -> call.start() - nanoTime >= 0);
    }

    CallLog before(long nanoTime) {
        return where(call -> call.start() - nanoTime < 0);
    }

    /** How many calls each server answered, by its id. */
    Map<String, Long> byServer() {
        return calls.stream()
                .filter(call -> !call.failed())
                .collect(Collectors.groupingBy(Call::server, TreeMap::new, Collectors.counting()));
    }

    /** Returns how long the slowest took; nothing when there was none. */
    Duration slowest() {
        return calls.stream().map(Call::took).max(Comparator.naturalOrder()).orElse(Duration.ZERO);
    }

    /** Returns when the last of them started, counted from a moment of {@link System#nanoTime}. */
    Duration lastStart(long since) {
        return Duration.ofNanos(
                calls.isEmpty() ? 0 : calls.get(calls.size() - 1).start() - since);
    }

    /** Fails if a call failed, or if there were fewer than some. */
    void allSucceeded(int atLeast) {
        assertThat(failed().summary()).as("failed of %d calls", size()).isEmpty();
        assertThat(size()).as("calls").isGreaterThanOrEqualTo(atLeast);
    }

    /** Fails unless each of some servers answered calls that started in every window of a length, from the first to the last. */
    void spreadOver(Collection<String> servers, Duration window) {
        long first = calls.get(0).start();
        long last = calls.get(calls.size() - 1).start();
        for (long from = first; from + window.toNanos() <= last; from += window.toNanos()) {
            long begin = from;
            assertThat(since(begin).before(begin + window.toNanos()).byServer().keySet())
                    .as("servers that answered from %.1f s on", (begin - first) / 1e9)
                    .containsAll(servers);
        }
    }

    /** The calls by outcome, with an example of each failure. */
    Map<String, String> summary() {
        Map<String, List<Call>> byText = calls.stream()
                .collect(Collectors.groupingBy(
                        call -> call.code() + " at '" + call.peer() + "'", TreeMap::new, Collectors.toList()));
        Map<String, String> summary = new TreeMap<>();
        byText.forEach((outcome, same) -> summary.put(
                outcome,
                same.size() + " times, first: " + same.get(0).text() + " after "
                        + same.get(0).took()));
        return summary;
    }

    void write(Path file) {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            out.write("start_ms,took_ms,code,server,peer,text\n");
            long origin = calls.isEmpty() ? 0 : calls.get(0).start();
            for (Call call : calls) {
                out.write("%.3f,%.3f,%s,%s,%s,%s%n"
                        .formatted(
                                (call.start() - origin) / 1e6,
                                call.took().toNanos() / 1e6,
                                call.code(),
                                call.server(),
                                call.peer(),
                                call.text().replace('\n', ' ').replace(',', ';')));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
