package io.github.grpclb.xds.load;

import com.google.common.math.LongMath;
import io.github.grpclb.xds.config.Weights;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was reported of calls to one server, or to the servers of a zone. Immutable.
 *
 * @param zone of the servers; null where they have none, and where a client named one that no server has
 * @param address of the server, {@code host:port}; null where weights are written at {@link Weights#ENDPOINT}, since clients then count
 *     the servers of a zone together, and where a client named one that is not the service's
 * @param issued how many calls began, not negative
 * @param succeeded how many ended with {@code OK}, not negative
 * @param failed how many ended with another status, not negative
 * @param inProgress how many had not ended when they were reported, not negative
 * @param metrics what the servers reported with their answers, by the name that the client gives it: {@code cpu_utilization}, {@code
 *     mem_utilization}, {@code application_utilization} or {@code named_metrics.NAME}; older clients leave out {@code named_metrics.}.
 *     64 at most
 */
public record LocalityLoad(
        @Nullable String zone,
        @Nullable String address,
        long issued,
        long succeeded,
        long failed,
        long inProgress,
        Map<String, MetricSum> metrics) {

    /** How many metrics are kept: the servers name them, so more of them must not cost the client its other counts. */
    static final int MOST_METRICS = 64;

    public LocalityLoad {
        metrics = Map.copyOf(metrics);
    }

    static LocalityLoad nothing(Place place) {
        return new LocalityLoad(place.zone(), place.address(), 0, 0, 0, 0, Map.of());
    }

    Place place() {
        return new Place(zone, address);
    }

    /** Returns the sum, at this one's place, with so many metrics at most. */
    LocalityLoad plus(LocalityLoad other, int mostMetrics) {
        Map<String, MetricSum> both = new HashMap<>(metrics);
        other.metrics.forEach((name, sum) -> {
            if (both.containsKey(name) || both.size() < mostMetrics) {
                both.merge(name, sum, MetricSum::plus);
            }
        });
        return new LocalityLoad(
                zone,
                address,
                LongMath.saturatedAdd(issued, other.issued),
                LongMath.saturatedAdd(succeeded, other.succeeded),
                LongMath.saturatedAdd(failed, other.failed),
                LongMath.saturatedAdd(inProgress, other.inProgress),
                both);
    }
}
