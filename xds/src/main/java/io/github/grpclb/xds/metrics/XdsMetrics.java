package io.github.grpclb.xds.metrics;

import io.github.grpclb.metrics.MetersBy;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.load.LocalityLoad;
import io.github.grpclb.xds.load.MetricSum;
import io.github.grpclb.xds.resource.ResourceType;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Counts what goes on between a control plane and its clients. Thread-safe.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>meter</th><th>type</th><th>tags</th><th>says</th></tr>
 * <tr><td>{@value #STREAMS}</td><td>gauge</td><td></td><td>streams that are open</td></tr>
 * <tr><td>{@value #RESPONSES}</td><td>counter</td><td>type</td><td>responses sent</td></tr>
 * <tr><td>{@value #ACCEPTED}</td><td>counter</td><td>type</td><td>responses that a client accepted</td></tr>
 * <tr><td>{@value #REJECTED}</td><td>counter</td><td>type</td><td>responses that a client rejected, and goes on without</td></tr>
 * <tr><td>{@value #CHANGE_ACCEPTED}</td><td>timer</td><td>type</td>
 *     <td>time from a change until a client has accepted it</td></tr>
 * <tr><td>{@value #CALLS}</td><td>counter</td><td>service, outcome</td>
 *     <td>calls that clients reported, where they are to: {@code success}, {@code failure}, or {@code dropped} without a server</td></tr>
 * <tr><td>{@value #UTILIZATION_SUM}</td><td>counter</td><td>service, metric</td>
 *     <td>what servers reported with their answers (ORCA), added up: {@code cpu_utilization}, {@code mem_utilization} and {@code
 *     application_utilization}</td></tr>
 * <tr><td>{@value #UTILIZATION_CALLS}</td><td>counter</td><td>service, metric</td><td>answers that came with it</td></tr>
 * </table>
 */
public final class XdsMetrics implements XdsObserver {

    public static final String STREAMS = "grpc.lb.xds.streams";
    public static final String RESPONSES = "grpc.lb.xds.responses";
    public static final String ACCEPTED = "grpc.lb.xds.responses.accepted";
    public static final String REJECTED = "grpc.lb.xds.responses.rejected";
    public static final String CHANGE_ACCEPTED = "grpc.lb.xds.change.accepted";

    public static final String CALLS = "grpc.lb.xds.calls";
    public static final String UTILIZATION_SUM = "grpc.lb.xds.utilization.sum";
    public static final String UTILIZATION_CALLS = "grpc.lb.xds.utilization.calls";

    /** Tag: the service's name. */
    public static final String SERVICE = "service";

    /** Tag: how calls ended. */
    public static final String OUTCOME = "outcome";

    /** Tag: what servers reported. */
    public static final String METRIC = "metric";

    /** Others are named by servers, or by clients that mean no good: of these there could be any number. */
    private static final Set<String> METRICS = Set.of("cpu_utilization", "mem_utilization", "application_utilization");

    /** Tag: the type of resource: {@code listener}, {@code routes}, {@code cluster} or {@code endpoints}. */
    public static final String TYPE = "type";

    private final MeterRegistry registry;
    private final AtomicInteger streams = new AtomicInteger();
    private final MetersBy<ResourceType, Counter> responses = counters(RESPONSES);
    private final MetersBy<ResourceType, Counter> accepted = counters(ACCEPTED);
    private final MetersBy<ResourceType, Counter> rejected = counters(REJECTED);
    private final MetersBy<ResourceType, Timer> changes = new MetersBy<>(ResourceType.class, this::changes);

    public XdsMetrics(MeterRegistry registry) {
        this.registry = registry;
        Gauge.builder(STREAMS, streams, AtomicInteger::get)
                .description("xDS streams that are open")
                .register(registry);
    }

    @Override
    public void opened() {
        streams.incrementAndGet();
    }

    @Override
    public void closed() {
        streams.decrementAndGet();
    }

    @Override
    public void sent(ResourceType type) {
        responses.get(type).increment();
    }

    @Override
    public void accepted(ResourceType type, @Nullable Duration sinceChange) {
        accepted.get(type).increment();
        if (sinceChange != null) {
            changes.get(type).record(sinceChange);
        }
    }

    @Override
    public void rejected(ResourceType type, String node, String reason) {
        rejected.get(type).increment();
    }

    @Override
    public void reported(ClusterLoad load) {
        long succeeded = 0;
        long failed = 0;
        for (LocalityLoad locality : load.localities()) {
            succeeded += locality.succeeded();
            failed += locality.failed();
            locality.metrics().forEach((metric, sum) -> utilization(load.service(), metric, sum));
        }
        calls(load.service(), "success", succeeded);
        calls(load.service(), "failure", failed);
        calls(load.service(), "dropped", load.dropped());
    }

    private void calls(String service, String outcome, long calls) {
        if (calls > 0) {
            registry.counter(CALLS, SERVICE, service, OUTCOME, outcome).increment(calls);
        }
    }

    private void utilization(String service, String metric, MetricSum sum) {
        if (METRICS.contains(metric) && sum.sum() >= 0) {
            registry.counter(UTILIZATION_SUM, SERVICE, service, METRIC, metric).increment(sum.sum());
            registry.counter(UTILIZATION_CALLS, SERVICE, service, METRIC, metric)
                    .increment(sum.calls());
        }
    }

    private MetersBy<ResourceType, Counter> counters(String meter) {
        return new MetersBy<>(ResourceType.class, type -> registry.counter(meter, TYPE, tag(type)));
    }

    private Timer changes(ResourceType type) {
        return Timer.builder(CHANGE_ACCEPTED)
                .description("Time from a change until a client has accepted it")
                .tag(TYPE, tag(type))
                .publishPercentileHistogram()
                .register(registry);
    }

    private static String tag(ResourceType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
