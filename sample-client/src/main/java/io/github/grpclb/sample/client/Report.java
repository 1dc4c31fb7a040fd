package io.github.grpclb.sample.client;

import com.google.gson.Gson;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Counts the calls. Its memory does not grow with their number. Thread-safe. */
final class Report {

    private record Latency(double p50, double p99) {}

    private static final int BAR_WIDTH = 40;

    private final Map<String, Long> perServer = new TreeMap<>();
    private final Map<String, Long> errors = new TreeMap<>();
    private final Histogram micros = new Histogram(TimeUnit.HOURS.toMicros(1), 3);
    private long ok;
    private long failed;

    /**
     * Counts a call.
     *
     * @param outcome how it ended
     * @param nanos how long it took; at most an hour is told apart
     */
    synchronized void add(Outcome outcome, long nanos) {
        if (outcome.ok()) {
            ok++;
        } else {
            failed++;
            errors.merge(outcome.code().name(), 1L, Long::sum);
        }
        if (!outcome.server().isEmpty()) {
            perServer.merge(outcome.server(), 1L, Long::sum);
        }
        micros.recordValue(Math.min(TimeUnit.NANOSECONDS.toMicros(nanos), micros.getHighestTrackableValue()));
    }

    synchronized long failed() {
        return failed;
    }

    /** Returns one line for programs. */
    synchronized String toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("ok", ok);
        json.put("failed", failed);
        json.put("per_server", perServer);
        json.put("errors", errors);
        json.put("latency_ms", new Latency(millis(50), millis(99)));
        return new Gson().toJson(json);
    }

    /** Returns some lines for people. */
    synchronized String toTable() {
        StringBuilder table = new StringBuilder();
        table.append(String.format("%n%-22s %9s %8s%n", "server", "calls", "share"));
        perServer.forEach((server, calls) -> {
            double share = (double) calls / (ok + failed);
            String bar = "#".repeat((int) Math.round(share * BAR_WIDTH));
            table.append(String.format(Locale.ROOT, "%-22s %9d %6.1f %%  %s%n", server, calls, share * 100, bar));
        });
        errors.forEach((code, calls) -> table.append(String.format("%-22s %9d%n", code, calls)));
        return table.append(String.format(
                        Locale.ROOT, "%d ok, %d failed; p50 %.1f ms, p99 %.1f ms", ok, failed, millis(50), millis(99)))
                .toString();
    }

    private double millis(double percentile) {
        return micros.getValueAtPercentile(percentile) / 1_000.0;
    }
}
