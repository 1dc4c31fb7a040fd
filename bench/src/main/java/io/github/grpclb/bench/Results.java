package io.github.grpclb.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/** What an operation costs, by who does it and the number of servers. */
final class Results {

    /** What one operation costs. */
    record Cost(double nanos, double bytes) {}

    private final Map<String, Map<Integer, Cost>> costs = new LinkedHashMap<>();

    void add(String name, int size, Cost cost) {
        costs.computeIfAbsent(name, missing -> new TreeMap<>()).put(size, cost);
    }

    List<String> names() {
        return List.copyOf(costs.keySet());
    }

    Set<Integer> sizes(String name) {
        return costs.get(name).keySet();
    }

    Cost get(String name, int size) {
        return costs.get(name).get(size);
    }

    /** Returns how many times the time of another it takes; empty where the other was not measured. */
    OptionalDouble ratio(String name, String other, int size) {
        Cost base = costs.getOrDefault(other, Map.of()).get(size);
        return base == null ? OptionalDouble.empty() : OptionalDouble.of(get(name, size).nanos / base.nanos);
    }
}
