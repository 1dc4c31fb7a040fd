package io.github.grpclb.xds.load;

import com.google.protobuf.Duration;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.EndpointLoadMetricStats;
import io.envoyproxy.envoy.config.endpoint.v3.UnnamedEndpointLoadMetricStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.resource.ClusterName;
import io.grpc.Status;
import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a client reports, and refuses what no client can have counted. Metrics are the servers' own: one whose value is no finite
 * number, or whose name is too long, is left out. As thread-safe as the names are.
 */
@Internal
public final class ReportReader {

    /** How many localities one message may have. */
    static final int MOST_LOCALITIES = 50_000;

    /** The longest time that a duration of this message type can have, in seconds: about 10 000 years. */
    private static final long MOST_SECONDS = 315_576_000_000L;

    private final StreamLimits limits;
    private final XdsOptions options;
    private final Function<String, @Nullable ReportableNames> names;

    /**
     * Creates a reader.
     *
     * @param names those of a service; null where it is not known
     */
    public ReportReader(XdsOptions options, Function<String, @Nullable ReportableNames> names) {
        this.limits = options.limits();
        this.options = options;
        this.names = names;
    }

    /**
     * What is in a message.
     *
     * @param loads of clusters that are known
     * @param unknown how many other clusters there are
     */
    public record Report(List<ClusterLoad> loads, int unknown) {}

    /**
     * Reads a message.
     *
     * @throws StatusException {@code INVALID_ARGUMENT} if something in it is no name or no count, {@code RESOURCE_EXHAUSTED} if it has
     *     more clusters than a stream may ask for, or more than 50 000 localities
     */
    public Report read(LoadStatsRequest request) throws StatusException {
        checkSize("clusters", request.getClusterStatsCount(), limits.subscriptions());
        checkSize(
                "localities",
                request.getClusterStatsList().stream()
                        .mapToInt(ClusterStats::getUpstreamLocalityStatsCount)
                        .sum(),
                MOST_LOCALITIES);
        List<ClusterLoad> loads = new ArrayList<>();
        int unknown = 0;
        for (ClusterStats stats : request.getClusterStatsList()) {
            ClusterLoad load = read(stats);
            if (load == null) {
                unknown++;
            } else {
                loads.add(load);
            }
        }
        return new Report(List.copyOf(loads), unknown);
    }

    private @Nullable ClusterLoad read(ClusterStats stats) throws StatusException {
        String name = stats.getClusterName();
        limits.requireLength("cluster_name", name);
        if (name.isEmpty()) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("cluster_name is missing")
                    .asException();
        }
        java.time.Duration period = period(stats.getLoadReportInterval());
        long dropped = count("total_dropped_requests", stats.getTotalDroppedRequests());
        ClusterName cluster = ClusterName.parse(name, options.settings());
        ReportableNames known = names.apply(cluster.service());
        boolean isKnown = known != null && known.has(cluster);
        Map<Place, LocalityLoad> localities = new LinkedHashMap<>();
        for (UpstreamLocalityStats locality : stats.getUpstreamLocalityStatsList()) {
            Place place = place(locality.getLocality(), known);
            LocalityLoad load = read(locality, place);
            if (isKnown) {
                localities.merge(place, load, (one, other) -> one.plus(other, LocalityLoad.MOST_METRICS));
            }
        }
        if (!isKnown) {
            return null;
        }
        String part = cluster.part() == null ? null : cluster.part().toString();
        return new ClusterLoad(cluster.service(), part, period, dropped, List.copyOf(localities.values()));
    }

    private Place place(Locality locality, @Nullable ReportableNames known) throws StatusException {
        limits.requireLength("zone", locality.getZone());
        limits.requireLength("sub_zone", locality.getSubZone());
        return known == null ? Place.UNKNOWN : known.placeOf(locality);
    }

    private LocalityLoad read(UpstreamLocalityStats stats, Place place) throws StatusException {
        return new LocalityLoad(
                place.zone(),
                place.address(),
                count("total_issued_requests", stats.getTotalIssuedRequests()),
                count("total_successful_requests", stats.getTotalSuccessfulRequests()),
                count("total_error_requests", stats.getTotalErrorRequests()),
                count("total_requests_in_progress", stats.getTotalRequestsInProgress()),
                metrics(stats));
    }

    /** The utilizations have fields of their own, and grpc-java writes them among the named ones. */
    private Map<String, MetricSum> metrics(UpstreamLocalityStats stats) throws StatusException {
        Map<String, MetricSum> metrics = new HashMap<>();
        if (stats.hasCpuUtilization()) {
            add(metrics, "cpu_utilization", stats.getCpuUtilization());
        }
        if (stats.hasMemUtilization()) {
            add(metrics, "mem_utilization", stats.getMemUtilization());
        }
        if (stats.hasApplicationUtilization()) {
            add(metrics, "application_utilization", stats.getApplicationUtilization());
        }
        for (EndpointLoadMetricStats metric : stats.getLoadMetricStatsList()) {
            add(
                    metrics,
                    metric.getMetricName(),
                    metric.getNumRequestsFinishedWithMetric(),
                    metric.getTotalMetricValue());
        }
        return metrics;
    }

    private void add(Map<String, MetricSum> metrics, String name, UnnamedEndpointLoadMetricStats metric)
            throws StatusException {
        add(metrics, name, metric.getNumRequestsFinishedWithMetric(), metric.getTotalMetricValue());
    }

    private void add(Map<String, MetricSum> metrics, String name, long calls, double value) throws StatusException {
        MetricSum sum = new MetricSum(count("num_requests_finished_with_metric", calls), value);
        boolean fits = metrics.size() < LocalityLoad.MOST_METRICS || metrics.containsKey(name);
        if (fits && Double.isFinite(value) && name.length() <= limits.nameLength()) {
            metrics.merge(name, sum, MetricSum::plus);
        }
    }

    private static java.time.Duration period(Duration interval) throws StatusException {
        boolean valid = interval.getSeconds() >= 0
                && interval.getSeconds() <= MOST_SECONDS
                && interval.getNanos() >= 0
                && interval.getNanos() <= 999_999_999;
        if (!valid) {
            throw invalid(
                    "load_report_interval",
                    interval.getSeconds() + " s and " + interval.getNanos() + " ns",
                    "a duration that is not negative");
        }
        return java.time.Duration.ofSeconds(interval.getSeconds(), interval.getNanos());
    }

    private static long count(String field, long value) throws StatusException {
        if (value < 0) {
            throw invalid(field, Long.toUnsignedString(value), "below 2^63");
        }
        return value;
    }

    private static StatusException invalid(String field, String value, String expected) {
        return Status.INVALID_ARGUMENT
                .withDescription(field + ": " + value + " (expected: " + expected + ")")
                .asException();
    }

    private static void checkSize(String what, int count, int most) throws StatusException {
        if (count > most) {
            throw Status.RESOURCE_EXHAUSTED
                    .withDescription(count + " " + what + " in one report (expected: at most " + most + ")")
                    .asException();
        }
    }
}
