package io.github.grpclb.xdsserver;

import io.github.grpclb.testing.Repository;
import io.micrometer.core.instrument.Meter;
import io.micrometer.prometheusmetrics.PrometheusNamingConvention;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The meters that {@code docs/observability.md} lists. */
final class MeterTable {

    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `(grpc\\.lb\\.[a-z.]+)` \\| ([a-z, ]+) \\| ([a-z, ]*) ?\\| (.+) \\|$");
    private static final Pattern LINK = Pattern.compile("\\[([^]]+)]\\([^)]+\\)");

    /**
     * One meter.
     *
     * @param unit as Micrometer calls it, or empty
     * @param says its last column, without links
     */
    record ListedMeter(String name, Meter.Type type, String unit, Set<String> tags, String says) {

        static ListedMeter of(MatchResult row) {
            String[] kind = row.group(2).split(", ");
            Set<String> tags = new TreeSet<>(Arrays.asList(row.group(3).trim().split(", ")));
            tags.remove("");
            Meter.Type type =
                    switch (kind[0]) {
                        case "counter" -> Meter.Type.COUNTER;
                        case "gauge" -> Meter.Type.GAUGE;
                        case "timer" -> Meter.Type.TIMER;
                        default -> throw new IllegalArgumentException(row.group(1) + " is no meter: " + kind[0]);
                    };
            return new ListedMeter(
                    row.group(1),
                    type,
                    kind.length > 1 ? kind[1] : "",
                    tags,
                    LINK.matcher(row.group(4)).replaceAll("$1").replace("`", ""));
        }

        /** Returns what Prometheus calls it; a timer has several series, whose names begin so. */
        String prometheusName() {
            String name = new PrometheusNamingConvention().name(name(), type, unit.isEmpty() ? null : unit);
            return type == Meter.Type.COUNTER && !name.endsWith("_total") ? name + "_total" : name;
        }

        /** Returns the names of its series. */
        Set<String> series() {
            String name = prometheusName();
            return type == Meter.Type.TIMER ? Set.of(name + "_count", name + "_sum", name + "_max") : Set.of(name);
        }
    }

    private final Map<String, ListedMeter> byName = new LinkedHashMap<>();

    private MeterTable(Stream<ListedMeter> meters) {
        meters.forEach(meter -> byName.put(meter.name(), meter));
    }

    static MeterTable read() throws IOException {
        String page = Files.readString(Repository.file("docs/observability.md"));
        return new MeterTable(ROW.matcher(page).results().map(ListedMeter::of));
    }

    Map<String, ListedMeter> byName() {
        return byName;
    }

    ListedMeter meter(String name) {
        ListedMeter meter = byName.get(name);
        if (meter == null) {
            throw new IllegalArgumentException("docs/observability.md lists no meter " + name);
        }
        return meter;
    }

    /** Returns the series of a meter that has but one. */
    Series series(String meter) {
        return new Series(meter(meter), meter(meter).prometheusName(), "");
    }

    /**
     * Returns a series of a timer.
     *
     * @param which count, sum or max
     */
    Series series(String timer, String which) {
        return new Series(meter(timer), meter(timer).prometheusName() + "_" + which, "");
    }

    /**
     * A series, and which of its members are meant.
     *
     * @param where matchers, or empty
     */
    record Series(ListedMeter meter, String name, String where) {

        Series where(String matchers) {
            return new Series(meter, name, where.isEmpty() ? matchers : where + "," + matchers);
        }

        @Override
        public String toString() {
            return where.isEmpty() ? name : name + "{" + where + "}";
        }

        /** Returns its sum by labels; those of the meter must have them, while instance is Prometheus' own. */
        String sum(String by) {
            return sum(by, toString());
        }

        /** Returns how fast it grows, in a second. */
        String rate(String by, String window) {
            return sum(by, "rate(" + this + "[" + window + "])");
        }

        /** Returns by how much it grew. */
        String increase(String by, String window) {
            return sum(by, "increase(" + this + "[" + window + "])");
        }

        /**
         * Returns those where it counted something. A counter that appears with the first event does not grow by it as Prometheus sees
         * it: so it counts, too, that it was not there before.
         */
        String happened(String by, String window) {
            return "(" + increase(by, window) + " > 0) or (" + sum(by) + " unless "
                    + sum(by, this + " offset " + window) + ")";
        }

        private String sum(String by, String what) {
            for (String label : by.split(", ")) {
                if (!label.equals("instance") && !meter.tags().contains(label)) {
                    throw new IllegalArgumentException(meter.name() + " has no tag " + label);
                }
            }
            return "sum by (" + by + ") (" + what + ")";
        }
    }
}
