package io.github.grpclb.xds.load;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static io.github.grpclb.xds.load.Reports.cluster;
import static io.github.grpclb.xds.load.Reports.load;
import static io.github.grpclb.xds.load.Reports.locality;
import static io.github.grpclb.xds.load.Reports.report;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.xds.config.AllowedNodes;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.config.XdsOptions;
import io.grpc.StatusException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportReaderTest {

    private static final ServiceSettings TAGGED =
            ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", null, true, Map.of())));

    private static final XdsOptions OPTIONS = new XdsOptions(
            service -> TAGGED,
            java.time.Duration.ZERO,
            10,
            new StreamLimits(3, 40, AllowedNodes.ALL),
            java.time.Duration.ofSeconds(1));

    private static final Place SERVER = new Place("z1", "127.0.0.1:1");

    private final ReportableNames names = new ReportableNames("greeter", TAGGED);
    private final ReportReader reader = new ReportReader(OPTIONS, service -> service.equals("greeter") ? names : null);

    @BeforeEach
    void list() {
        names.list(List.of(
                endpoint("greeter", 1).toBuilder().zone("z1").version("v1").build()));
    }

    @Test
    void readsAllCounts() throws StatusException {
        ReportReader.Report report = reader.read(LoadStatsRequest.newBuilder()
                .addClusterStats(cluster("greeter", locality("z1", "127.0.0.1:1", 10))
                        .setTotalDroppedRequests(7)
                        .setLoadReportInterval(
                                Duration.newBuilder().setSeconds(2).setNanos(5)))
                .addClusterStats(cluster("greeter|version=v1"))
                .build());
        assertThat(report.loads())
                .containsExactly(
                        new ClusterLoad(
                                "greeter",
                                null,
                                java.time.Duration.ofSeconds(2, 5),
                                7,
                                List.of(load(SERVER, 10, Map.of()))),
                        new ClusterLoad("greeter", "version=v1", java.time.Duration.ZERO, 0, List.of()));
        assertThat(report.unknown()).isZero();
    }

    @Test
    void addsUpWhatIsSaidOfOnePlace() throws StatusException {
        assertThat(localities(report("greeter", locality("z9", "x", 1), locality("", "", 10), locality("", "y", 100))))
                .containsExactly(new LocalityLoad(null, null, 120, 111, 6, 3, Map.of()));
    }

    @Test
    void countsClustersThatNobodyKnowsAndDropsThem() throws StatusException {
        ReportReader.Report report = reader.read(LoadStatsRequest.newBuilder()
                .addClusterStats(cluster("other", locality("", "", 1)))
                .addClusterStats(cluster("greeter|version=v2", locality("", "", 1)))
                .addClusterStats(cluster("greeter"))
                .build());
        assertThat(report.unknown()).isEqualTo(2);
        assertThat(report.loads()).extracting(ClusterLoad::service).containsExactly("greeter");
    }

    @Test
    void readsMetrics() throws StatusException {
        UpstreamLocalityStats.Builder locality = locality("z1", "127.0.0.1:1", 10);
        addMetric(locality, "named_metrics.queue", 3, 1.5);
        addMetric(locality, "named_metrics.queue", 1, 0.5);
        addMetric(locality, "mem_utilization", 10, -4);
        locality.getCpuUtilizationBuilder().setNumRequestsFinishedWithMetric(10).setTotalMetricValue(7.5);
        locality.getMemUtilizationBuilder().setNumRequestsFinishedWithMetric(1).setTotalMetricValue(5);
        locality.getApplicationUtilizationBuilder()
                .setNumRequestsFinishedWithMetric(2)
                .setTotalMetricValue(1);
        assertThat(localities(report("greeter", locality)))
                .containsExactly(load(
                        SERVER,
                        10,
                        Map.of(
                                "named_metrics.queue", new MetricSum(4, 2),
                                "cpu_utilization", new MetricSum(10, 7.5),
                                "mem_utilization", new MetricSum(11, 1),
                                "application_utilization", new MetricSum(2, 1))));
    }

    @Test
    void leavesOutMetricsThatAreNoneOrTooMany() throws StatusException {
        UpstreamLocalityStats.Builder locality = locality("z1", "127.0.0.1:1", 10);
        addMetric(locality, "nan", 1, Double.NaN);
        addMetric(locality, "infinite", 1, Double.POSITIVE_INFINITY);
        addMetric(locality, "x".repeat(41), 1, 1);
        for (int i = 0; i < 100; i++) {
            addMetric(locality, "m" + i, 1, i);
        }
        LocalityLoad load = localities(report("greeter", locality)).get(0);
        assertThat(load.metrics())
                .hasSize(LocalityLoad.MOST_METRICS)
                .containsKey("m0")
                .doesNotContainKeys("nan", "infinite", "x".repeat(41));
        assertThat(load.succeeded()).isEqualTo(10);
    }

    @Test
    void readsUnknownClustersAsStrictly() {
        assertRefused(
                report("other", locality("", "", 1).setTotalErrorRequests(-1)),
                "INVALID_ARGUMENT: total_error_requests: 18446744073709551615 (expected: below 2^63)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "total_issued_requests",
                "total_successful_requests",
                "total_error_requests",
                "total_requests_in_progress"
            })
    void refusesCountsThatNobodyReaches(String field) {
        UpstreamLocalityStats.Builder locality = locality("", "", 1);
        locality.setField(UpstreamLocalityStats.getDescriptor().findFieldByName(field), Long.MIN_VALUE);
        assertRefused(
                report("greeter", locality),
                "INVALID_ARGUMENT: " + field + ": 9223372036854775808 (expected: below 2^63)");
    }

    @Test
    void refusesWhatIsNoCountElsewhere() {
        UpstreamLocalityStats.Builder locality = locality("", "", 1);
        addMetric(locality, "m", -1, 1);
        assertRefused(
                report("greeter", locality),
                "INVALID_ARGUMENT: num_requests_finished_with_metric: 18446744073709551615 (expected: below 2^63)");
        assertRefused(
                LoadStatsRequest.newBuilder()
                        .addClusterStats(cluster("greeter").setTotalDroppedRequests(-2))
                        .build(),
                "INVALID_ARGUMENT: total_dropped_requests: 18446744073709551614 (expected: below 2^63)");
    }

    @Test
    void refusesNamesThatAreNone() {
        assertRefused(report(""), "INVALID_ARGUMENT: cluster_name is missing");
        assertRefused(
                report("x".repeat(41)),
                "INVALID_ARGUMENT: cluster_name has 41 characters (expected: at most 40): " + "x".repeat(41));
        assertRefused(
                report("greeter", locality("\n".repeat(41), "", 1)),
                "INVALID_ARGUMENT: zone has 41 characters (expected: at most 40): " + "\\u000a".repeat(41));
        assertRefused(
                report("greeter", locality("", "y".repeat(41), 1)),
                "INVALID_ARGUMENT: sub_zone has 41 characters (expected: at most 40): " + "y".repeat(41));
    }

    @Test
    void refusesPeriodsThatAreNone() {
        for (Duration period : List.of(
                Duration.newBuilder().setSeconds(-1).build(),
                Duration.newBuilder().setNanos(-1).build(),
                Duration.newBuilder().setNanos(1_000_000_000).build(),
                Duration.newBuilder().setSeconds(Long.MAX_VALUE).build())) {
            assertRefused(
                    LoadStatsRequest.newBuilder()
                            .addClusterStats(cluster("greeter").setLoadReportInterval(period))
                            .build(),
                    "INVALID_ARGUMENT: load_report_interval: " + period.getSeconds() + " s and " + period.getNanos()
                            + " ns (expected: a duration that is not negative)");
        }
    }

    @Test
    void refusesReportsOfTooMuch() {
        LoadStatsRequest.Builder clusters = LoadStatsRequest.newBuilder();
        for (int i = 0; i < 4; i++) {
            clusters.addClusterStats(cluster("greeter"));
        }
        assertRefused(clusters.build(), "RESOURCE_EXHAUSTED: 4 clusters in one report (expected: at most 3)");
        UpstreamLocalityStats.Builder[] localities = new UpstreamLocalityStats.Builder[25_001];
        for (int i = 0; i < localities.length; i++) {
            localities[i] = locality("", "", 1);
        }
        assertRefused(
                LoadStatsRequest.newBuilder()
                        .addClusterStats(cluster("greeter", localities))
                        .addClusterStats(cluster("other", localities))
                        .build(),
                "RESOURCE_EXHAUSTED: 50002 localities in one report (expected: at most 50000)");
    }

    private static void addMetric(UpstreamLocalityStats.Builder locality, String name, long calls, double sum) {
        locality.addLoadMetricStatsBuilder()
                .setMetricName(name)
                .setNumRequestsFinishedWithMetric(calls)
                .setTotalMetricValue(sum);
    }

    private List<LocalityLoad> localities(LoadStatsRequest request) throws StatusException {
        List<ClusterLoad> loads = reader.read(request).loads();
        assertThat(loads).hasSize(1);
        return loads.get(0).localities();
    }

    private void assertRefused(LoadStatsRequest request, String message) {
        assertThatThrownBy(() -> reader.read(request))
                .isInstanceOf(StatusException.class)
                .hasMessage(message);
    }
}
