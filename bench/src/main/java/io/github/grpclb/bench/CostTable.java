package io.github.grpclb.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * Shows costs by number of servers.
 *
 * @param title the title
 * @param nanosPerUnit of the times shown
 * @param bytes what the column of bytes is called
 * @param baseline whose times the ratio is to, in the worst case of all sizes
 */
record CostTable(String title, double nanosPerUnit, String bytes, String baseline) {

    /**
     * Makes the table.
     *
     * @param sizesOfGoals the sizes at which the goals hold
     */
    Table of(Results results, List<Integer> sizes, Map<String, List<Goal>> goals, List<Integer> sizesOfGoals) {
        List<String> header = new ArrayList<>(List.of(""));
        sizes.forEach(size -> header.add("n = " + Numbers.of(size)));
        header.addAll(List.of(bytes, "× " + baseline, "goals"));
        Table table = new Table(title, header);
        for (String name : results.names()) {
            List<Goal> its = goals.getOrDefault(name, List.of());
            List<String> row = new ArrayList<>(List.of(name));
            sizes.forEach(size -> row.add(Numbers.of(results.get(name, size).nanos() / nanosPerUnit)));
            row.add(mostBytes(results, name));
            row.add(worstRatio(results, name));
            row.add(its.stream()
                    .map(goal -> goal.verdict(results, name, sizesOfGoals))
                    .collect(Collectors.joining("  ")));
            table.add(row);
        }
        return table;
    }

    private static String mostBytes(Results results, String name) {
        return Numbers.of(Math.rint(results.sizes(name).stream()
                .mapToDouble(size -> results.get(name, size).bytes())
                .max()
                .orElse(0)));
    }

    private String worstRatio(Results results, String name) {
        OptionalDouble worst = results.sizes(name).stream()
                .map(size -> results.ratio(name, baseline, size))
                .flatMapToDouble(OptionalDouble::stream)
                .max();
        return worst.isPresent() ? Numbers.of(worst.getAsDouble()) : "–";
    }
}
