package io.github.grpclb.xds.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.load.LocalityLoad;
import io.github.grpclb.xds.load.MetricSum;
import io.github.grpclb.xds.resource.ResourceType;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class XdsMetricsTest {

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final XdsMetrics metrics = new XdsMetrics(registry);

    @Test
    void countsStreamsThatAreOpen() {
        metrics.opened();
        metrics.opened();
        metrics.closed();
        assertThat(registry.get(XdsMetrics.STREAMS).gauge().value()).isOne();
    }

    @Test
    void countsResponsesAndWhatBecameOfThem() {
        metrics.sent(ResourceType.ENDPOINTS);
        metrics.sent(ResourceType.ENDPOINTS);
        metrics.accepted(ResourceType.ENDPOINTS, null);
        metrics.rejected(ResourceType.ENDPOINTS, "node", "no");
        assertThat(count(XdsMetrics.RESPONSES, XdsMetrics.TYPE, "endpoints")).isEqualTo(2);
        assertThat(count(XdsMetrics.ACCEPTED, XdsMetrics.TYPE, "endpoints")).isOne();
        assertThat(count(XdsMetrics.REJECTED, XdsMetrics.TYPE, "endpoints")).isOne();
        assertThat(registry.find(XdsMetrics.CHANGE_ACCEPTED).timer())
                .isNull(); // an answer to a question tells of no change
    }

    @Test
    void measuresForHowLongChangesWaited() {
        metrics.accepted(ResourceType.ENDPOINTS, Duration.ofMillis(30));
        assertThat(registry.get(XdsMetrics.CHANGE_ACCEPTED)
                        .tag(XdsMetrics.TYPE, "endpoints")
                        .timer()
                        .totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(30);
    }

    @Test
    void addsUpWhatClientsReport() {
        metrics.reported(new ClusterLoad(
                "greeter",
                null,
                Duration.ofSeconds(10),
                3,
                List.of(
                        locality(10, 1, Map.of("cpu_utilization", new MetricSum(10, 5))),
                        locality(20, 0, Map.of("cpu_utilization", new MetricSum(20, 2))))));
        assertThat(count(XdsMetrics.CALLS, "service", "greeter", "outcome", "success"))
                .isEqualTo(30);
        assertThat(count(XdsMetrics.CALLS, "service", "greeter", "outcome", "failure"))
                .isOne();
        assertThat(count(XdsMetrics.CALLS, "service", "greeter", "outcome", "dropped"))
                .isEqualTo(3);
        assertThat(count(XdsMetrics.UTILIZATION_SUM, "service", "greeter", "metric", "cpu_utilization"))
                .isEqualTo(7);
        assertThat(count(XdsMetrics.UTILIZATION_CALLS, "service", "greeter", "metric", "cpu_utilization"))
                .isEqualTo(30);
    }

    @Test
    void hasNoMeterForWhatServersCallTheirOwn() {
        metrics.reported(new ClusterLoad(
                "greeter",
                null,
                Duration.ofSeconds(10),
                0,
                List.of(locality(1, 0, Map.of("named_metrics.queue", new MetricSum(1, 5))))));
        assertThat(registry.find(XdsMetrics.UTILIZATION_SUM).counters()).isEmpty();
    }

    private static LocalityLoad locality(long succeeded, long failed, Map<String, MetricSum> metrics) {
        return new LocalityLoad("z1", null, succeeded + failed, succeeded, failed, 0, metrics);
    }

    private double count(String meter, String... tags) {
        Counter counter = registry.get(meter).tags(tags).counter();
        return counter.count();
    }
}
