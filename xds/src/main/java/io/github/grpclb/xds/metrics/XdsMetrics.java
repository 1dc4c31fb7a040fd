package io.github.grpclb.xds.metrics;

import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.resource.ResourceType;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
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
 * </table>
 */
public final class XdsMetrics implements XdsObserver {

    public static final String STREAMS = "grpc.lb.xds.streams";
    public static final String RESPONSES = "grpc.lb.xds.responses";
    public static final String ACCEPTED = "grpc.lb.xds.responses.accepted";
    public static final String REJECTED = "grpc.lb.xds.responses.rejected";
    public static final String CHANGE_ACCEPTED = "grpc.lb.xds.change.accepted";

    /** Tag: the type of resource: {@code listener}, {@code routes}, {@code cluster} or {@code endpoints}. */
    public static final String TYPE = "type";

    private final MeterRegistry registry;
    private final AtomicInteger streams = new AtomicInteger();

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
        count(RESPONSES, type);
    }

    @Override
    public void accepted(ResourceType type, @Nullable Duration sinceChange) {
        count(ACCEPTED, type);
        if (sinceChange != null) {
            Timer.builder(CHANGE_ACCEPTED)
                    .description("Time from a change until a client has accepted it")
                    .tag(TYPE, tag(type))
                    .publishPercentileHistogram()
                    .register(registry)
                    .record(sinceChange);
        }
    }

    @Override
    public void rejected(ResourceType type, String node, String reason) {
        count(REJECTED, type);
    }

    private void count(String meter, ResourceType type) {
        registry.counter(meter, TYPE, tag(type)).increment();
    }

    private static String tag(ResourceType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
