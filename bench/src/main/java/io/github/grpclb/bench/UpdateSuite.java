package io.github.grpclb.bench;

import io.github.grpclb.bench.UpdateBenchmark.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a new list costs in which one server changed, beside grpc-java's round robin. */
final class UpdateSuite implements Suite {

    private static final List<Integer> SIZES_OF_GOALS = List.of(10_000);

    @Override
    public List<Table> run(Scale scale) {
        List<Table> tables = new ArrayList<>();
        for (Change change : Change.values()) {
            Results results = new Results();
            scale.updaters().forEach(contender -> {
                Suite.progress("update, " + title(change) + ": " + contender);
                Jmh.run(
                        UpdateBenchmark.class,
                        scale,
                        1,
                        contender,
                        scale.updateSizes(),
                        Map.of("change", change.name()),
                        results);
            });
            tables.add(new CostTable(
                            "µs for a list of n servers, " + title(change),
                            1_000,
                            "B, there and back",
                            Contenders.GRPC_ROUND_ROBIN)
                    .of(results, scale.updateSizes(), goals(change), SIZES_OF_GOALS));
        }
        return tables;
    }

    private static Map<String, List<Goal>> goals(Change change) {
        List<Goal> goals =
                switch (change) {
                    case WEIGHT -> List.of(Goal.times(0.1, Contenders.GRPC_ROUND_ROBIN));
                    case ADDED -> List.of(Goal.times(0.5, Contenders.GRPC_ROUND_ROBIN));
                    case REMOVED -> List.of();
                };
        return OurContenders.names().collect(Collectors.toMap(name -> name, name -> goals));
    }

    private static String title(Change change) {
        return switch (change) {
            case WEIGHT -> "one weight changed";
            case ADDED -> "one endpoint more";
            case REMOVED -> "one endpoint less";
        };
    }
}
