package io.github.grpclb.xds.load;

import com.google.common.math.LongMath;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Adds up what all clients report, one interval after the other. It keeps sums, not reports: what it holds grows with the registry, and
 * not with the clients. For the loop's thread, but {@link #last}.
 */
@Internal
public final class LoadSums {

    /** How many localities and metrics are told apart; from there on calls go into their cluster's locality without a name. */
    static final int MOST_ENTRIES = 100_000;

    private static final Comparator<ClusterLoad> BY_NAME = Comparator.comparing(ClusterLoad::service)
            .thenComparing(ClusterLoad::part, Comparator.nullsFirst(Comparator.naturalOrder()));

    private final Duration interval;
    private final RegistryLoop loop;
    private Map<Cluster, Sum> sums = new HashMap<>();
    private int entries;
    private boolean running;
    private RegistryLoop.Timer end = RegistryLoop.Timer.NONE;
    private volatile List<ClusterLoad> last = List.of();

    private record Cluster(String service, @Nullable String part) {}

    private static final class Sum {
        private Duration period = Duration.ZERO;
        private long dropped;
        private final Map<Place, LocalityLoad> localities = new LinkedHashMap<>();
    }

    /**
     * Creates one that has nothing.
     *
     * @param interval how long reports are added up, more than 0
     */
    public LoadSums(Duration interval, RegistryLoop loop) {
        this.interval = interval;
        this.loop = loop;
    }

    /** Adds a report. An interval begins with the first one. */
    public void add(ClusterLoad load) {
        if (!running) {
            run();
        }
        Sum sum = sums.computeIfAbsent(new Cluster(load.service(), load.part()), first -> new Sum());
        sum.dropped = LongMath.saturatedAdd(sum.dropped, load.dropped());
        if (load.period().compareTo(sum.period) > 0) {
            sum.period = load.period();
        }
        load.localities().forEach(locality -> add(sum, locality));
    }

    private void add(Sum sum, LocalityLoad locality) {
        boolean full = entries >= MOST_ENTRIES;
        Place place = locality.place();
        if (full && !sum.localities.containsKey(place)) {
            place = Place.UNKNOWN;
        }
        LocalityLoad before = sum.localities.get(place);
        LocalityLoad base = before == null ? LocalityLoad.nothing(place) : before;
        LocalityLoad after = base.plus(locality, full ? base.metrics().size() : LocalityLoad.MOST_METRICS);
        sum.localities.put(place, after);
        entries += (before == null ? 1 : 0)
                + after.metrics().size()
                - base.metrics().size();
    }

    /** Returns the sums of the last interval that is over. Thread-safe. */
    public List<ClusterLoad> last() {
        return last;
    }

    /** Forgets all, and ends the interval. */
    public void close() {
        end.cancel();
        running = false;
        sums = new HashMap<>();
        entries = 0;
        last = List.of();
    }

    private void run() {
        running = true;
        end = loop.after(interval, this::publish);
    }

    private void publish() {
        running = false;
        List<ClusterLoad> loads = new ArrayList<>();
        sums.forEach((cluster, sum) -> loads.add(new ClusterLoad(
                cluster.service(), cluster.part(), sum.period, sum.dropped, List.copyOf(sum.localities.values()))));
        loads.sort(BY_NAME);
        last = List.copyOf(loads);
        sums = new HashMap<>();
        entries = 0;
        if (!loads.isEmpty()) {
            run(); // so that it is empty after an interval without a report
        }
    }
}
