package io.github.grpclb.xds;

import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.load.LocalityLoad;
import io.github.grpclb.xds.load.MetricSum;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Adds up all that clients report from the beginning on. Thread-safe. */
final class ReportedCalls implements XdsObserver {

    private final List<ClusterLoad> loads = new CopyOnWriteArrayList<>();
    private final AtomicInteger unknown = new AtomicInteger();

    record Calls(long issued, long succeeded, long failed) {

        Calls plus(Calls other) {
            return new Calls(issued + other.issued, succeeded + other.succeeded, failed + other.failed);
        }
    }

    @Override
    public void reported(ClusterLoad load) {
        loads.add(load);
    }

    @Override
    public void reportedUnknown(int clusters) {
        unknown.addAndGet(clusters);
    }

    /** Returns how many clusters were reported that nobody knows. */
    int unknown() {
        return unknown.get();
    }

    /** Returns the calls by zone and address: {@code z1 127.0.0.1:80}. */
    Map<String, Calls> calls() {
        Map<String, Calls> calls = new HashMap<>();
        for (ClusterLoad load : loads) {
            for (LocalityLoad each : load.localities()) {
                calls.merge(placeOf(each), new Calls(each.issued(), each.succeeded(), each.failed()), Calls::plus);
            }
        }
        return calls;
    }

    /** Returns how many calls of a part began to a server. */
    long issued(@Nullable String part, String address) {
        return loads.stream()
                .filter(load -> Objects.equals(load.part(), part))
                .flatMap(load -> load.localities().stream())
                .filter(each -> address.equals(each.address()))
                .mapToLong(LocalityLoad::issued)
                .sum();
    }

    /** Returns what was reported of a metric, by zone and address. */
    MetricSum metric(String place, String metric) {
        long calls = 0;
        double sum = 0;
        for (ClusterLoad load : loads) {
            for (LocalityLoad each : load.localities()) {
                MetricSum part = each.metrics().get(metric);
                if (part != null && placeOf(each).equals(place)) {
                    calls += part.calls();
                    sum += part.sum();
                }
            }
        }
        return new MetricSum(calls, sum);
    }

    long dropped() {
        return loads.stream().mapToLong(ClusterLoad::dropped).sum();
    }

    private static String placeOf(LocalityLoad load) {
        return load.zone() + " " + load.address();
    }
}
