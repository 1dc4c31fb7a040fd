package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.xds.config.AllowedNodes;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever a peer reports: its stream goes on, or ends with a status that says why, and no name gets through that the registry has not. */
@AddLifecycleHook(FuzzRun.class)
class LoadReportsFuzzTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private static final XdsOptions OPTIONS = new XdsOptions(
            service -> ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", null, true, Map.of("v2", 5.0)))),
            Duration.ofMinutes(30),
            10,
            new StreamLimits(4, 40, AllowedNodes.ALL),
            INTERVAL);

    @Provide
    Arbitrary<List<LoadStatsRequest>> reports() {
        return Hostile.inputs(hostile -> hostile.list(4, () -> report(hostile)));
    }

    @Property
    void harmsNobodyByReports(@ForAll("reports") List<LoadStatsRequest> reports) {
        Scene scene = new Scene(OPTIONS);
        scene.source.list(
                "greeter",
                endpoint("greeter", 1).toBuilder().zone("z1").version("v1").build());
        scene.wholeClient().ask(ResourceType.CLUSTER, "greeter");
        List<ClusterLoad> observed = new ArrayList<>();
        LoadReporting reporting = new LoadReporting(
                scene.discovery,
                OPTIONS,
                INTERVAL,
                new XdsObserver() {
                    @Override
                    public void reported(ClusterLoad load) {
                        observed.add(load);
                    }
                },
                scene.loop);
        FakeResponses<LoadStatsResponse> responses = new FakeResponses<>();
        StreamObserver<LoadStatsRequest> peer = reporting.streamLoadStats(responses);
        for (LoadStatsRequest report : reports) {
            peer.onNext(report);
            scene.settle();
        }
        Status status = responses.status();
        if (status != null) {
            assertThat(status.getCode()).isIn(Status.Code.INVALID_ARGUMENT, Status.Code.RESOURCE_EXHAUSTED);
            assertThat(status.getDescription()).doesNotContain("\n").hasSizeLessThan(400);
        }
        scene.pass(INTERVAL);
        observed.addAll(reporting.loads());
        assertThat(observed).allSatisfy(LoadReportsFuzzTest::requireKnown);
        peer.onCompleted();
        scene.pass(INTERVAL);
        assertThat(reporting.openStreams()).isZero();
        assertThat(reporting.loads()).isEmpty();
    }

    @Test
    void takesTheFixedSeed() {
        Hostile.replay(hostile -> hostile.list(4, () -> report(hostile)), 300, this::harmsNobodyByReports);
    }

    private static void requireKnown(ClusterLoad load) {
        assertThat(load.service()).isEqualTo("greeter");
        assertThat(load.part()).isIn(null, "version=v1", "version!v2");
        assertThat(load.period()).isGreaterThanOrEqualTo(Duration.ZERO);
        assertThat(load.dropped()).isNotNegative();
        assertThat(load.localities()).hasSizeLessThanOrEqualTo(3).allSatisfy(locality -> {
            assertThat(locality.zone()).isIn(null, "z1");
            assertThat(locality.address()).isIn(null, "127.0.0.1:1");
            assertThat(locality.issued()).isNotNegative();
            assertThat(locality.succeeded()).isNotNegative();
            assertThat(locality.failed()).isNotNegative();
            assertThat(locality.inProgress()).isNotNegative();
            assertThat(locality.metrics()).allSatisfy((name, sum) -> {
                assertThat(name).hasSizeLessThanOrEqualTo(40);
                assertThat(sum.calls()).isNotNegative();
                assertThat(sum.sum()).isFinite();
            });
        });
    }

    private static LoadStatsRequest report(Hostile hostile) {
        LoadStatsRequest.Builder report =
                LoadStatsRequest.newBuilder().addAllClusterStats(hostile.list(5, () -> cluster(hostile)));
        report.getNodeBuilder().setId(hostile.text());
        return report.build();
    }

    private static ClusterStats cluster(Hostile hostile) {
        ClusterStats.Builder stats = ClusterStats.newBuilder()
                .setClusterName(hostile.oneIn(10) ? hostile.text() : known(hostile))
                .setTotalDroppedRequests(count(hostile))
                .addAllUpstreamLocalityStats(hostile.list(4, () -> locality(hostile)));
        stats.getLoadReportIntervalBuilder().setSeconds(count(hostile)).setNanos((int) count(hostile));
        return stats.build();
    }

    private static String known(Hostile hostile) {
        return hostile.of("greeter", "greeter|version=v1", "greeter|version!v2", "greeter|version=v3", "other");
    }

    private static UpstreamLocalityStats locality(Hostile hostile) {
        UpstreamLocalityStats.Builder stats = UpstreamLocalityStats.newBuilder()
                .setTotalIssuedRequests(count(hostile))
                .setTotalSuccessfulRequests(count(hostile))
                .setTotalErrorRequests(count(hostile))
                .setTotalRequestsInProgress(count(hostile));
        stats.getLocalityBuilder()
                .setZone(hostile.oneIn(8) ? hostile.text() : hostile.of("", "z1", "z2"))
                .setSubZone(hostile.oneIn(8) ? hostile.text() : hostile.of("", "others", "127.0.0.1:1", "[::1]:1"));
        for (String name : hostile.list(3, () -> hostile.of("m", "cpu_utilization", hostile.text()))) {
            stats.addLoadMetricStatsBuilder()
                    .setMetricName(name)
                    .setNumRequestsFinishedWithMetric(count(hostile))
                    .setTotalMetricValue(hostile.of(0.0, -1.5, Double.NaN, Double.MAX_VALUE, Double.NEGATIVE_INFINITY));
        }
        return stats.build();
    }

    /** Most are counts, so that reports get through. */
    private static long count(Hostile hostile) {
        return hostile.oneIn(100) ? hostile.of(-1L, Long.MIN_VALUE) : hostile.of(0L, 1L, 1_000L, 999_999_999L);
    }
}
