package io.github.grpclb.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What one pick costs, for all policies and beside others. */
final class PickSuite implements Suite {

    private static final int THREADS_OF_GOALS = 2;

    private static final Map<String, List<Goal>> GOALS = Map.of(
            "random", List.of(Goal.times(2, Contenders.FLOOR), Goal.noBytes()),
            "weighted_random", List.of(Goal.times(2, Contenders.FLOOR), Goal.noBytes()),
            "round_robin", List.of(Goal.times(0.5, Contenders.GRPC_ROUND_ROBIN), Goal.noBytes()),
            "weighted_round_robin", List.of(Goal.times(0.4, Contenders.GRPC_WEIGHTED_ROUND_ROBIN), Goal.noBytes()),
            "least_request", List.of(Goal.times(1, Contenders.GRPC_LEAST_REQUEST), Goal.noBytes()),
            "peak_ewma", List.of(Goal.times(2, "least_request"), Goal.noBytes()),
            "consistent_hash", List.of(Goal.nanos(60), Goal.times(1, Contenders.GRPC_RING_HASH), Goal.noBytes()));

    @Override
    public List<Table> run(Scale scale) {
        List<Table> tables = new ArrayList<>();
        for (int threads : scale.threads()) {
            Results results = new Results();
            for (String contender : scale.contenders()) {
                Suite.progress("pick, " + threads + " thread(s): " + contender);
                Jmh.run(PickBenchmark.class, scale, threads, contender, scale.pickSizes(), Map.of(), results);
            }
            Map<String, List<Goal>> goals = threads == THREADS_OF_GOALS ? GOALS : Map.of();
            tables.add(new CostTable(
                            "ns for one pick among n servers, " + threads + " thread(s)", 1, "B/op", Contenders.FLOOR)
                    .of(results, scale.pickSizes(), goals, scale.pickSizes()));
        }
        return tables;
    }
}
