package io.github.grpclb.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Runs the tests that show rows of the fault list, each run in a JVM of its own, and says row by row what held. {@code bin/chaos}
 * is its command line.
 */
final class Chaos {

    private static final Duration LIMIT = Duration.ofMinutes(45);
    private static final int SEEDS_A_RUN = 1000;
    private static final int FAILED = 1;
    private static final int BAD_USAGE = 2;

    /** How a run ended; its ordinal is the exit code of {@link RowRun}. */
    enum Outcome {
        HELD,
        BROKEN,
        SKIPPED
    }

    private record Run(Outcome outcome, Duration took, String why) {}

    /** What is run: a row of the list, or a name that is a tag of tests. */
    private record Row(String name, String fault, String allowed) {}

    private final Path target = Path.of("chaos", "target", "chaos");
    private final List<Row> rows = new ArrayList<>();
    private int runs = 1;
    private int jobs = 1;
    private int minutes = 30;
    private Host host = Host.DEVH;
    private long seed = new Random().nextLong(1_000_000_000);

    public static void main(String[] arguments) throws Exception {
        Chaos chaos = new Chaos();
        try {
            chaos.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("chaos: " + e.getMessage());
            System.exit(BAD_USAGE);
        }
        System.exit(chaos.run() ? 0 : FAILED);
    }

    private void parse(String[] arguments) throws IOException {
        Map<String, Row> known = readRows();
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            String value = parts.length == 2 ? parts[1] : "";
            switch (parts[0]) {
                case "--rows" -> rowsOf(value, known).forEach(row -> rows.add(known.get(row)));
                case "--runs" -> runs = positive(argument, value);
                case "--jobs" -> jobs = positive(argument, value);
                case "--minutes" -> minutes = positive(argument, value);
                case "--seed" -> seed = Long.parseLong(value);
                case "--host" -> host = Host.of(value);
                case "--etcd" -> System.setProperty("ETCD_BIN", value);
                default -> {
                    if (!known.containsKey(argument) || isNumber(argument)) {
                        throw new IllegalArgumentException(argument
                                + " (expected: --rows=all or 3,5-8, --runs=N, --jobs=N, --seed=N, --minutes=N, --host=devh or spring-grpc, --etcd=FILE, or one of "
                                + known.keySet().stream()
                                        .filter(name -> !isNumber(name))
                                        .collect(Collectors.joining(", "))
                                + ")");
                    }
                    rows.add(known.get(argument));
                }
            }
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to run (expected: --rows=all or numbers, or a name such as headline)");
        }
    }

    private static Map<String, Row> readRows() throws IOException {
        Map<String, Row> rows = new LinkedHashMap<>();
        try (var in = Chaos.class.getResourceAsStream("/faults.tsv")) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split("\t"))
                    .forEach(fields -> rows.put(fields[0], new Row(fields[0], fields[1], fields[2])));
        }
        return rows;
    }

    private static Stream<String> rowsOf(String value, Map<String, Row> known) {
        if (value.equals("all")) {
            return known.keySet().stream().filter(Chaos::isNumber);
        }
        TreeSet<Integer> numbers = new TreeSet<>();
        for (String part : value.split(",")) {
            if (!part.matches("\\d+(-\\d+)?")) {
                throw new IllegalArgumentException("--rows=" + value + " (expected: all, or numbers such as 3,5-8)");
            }
            int[] ends =
                    Arrays.stream(part.split("-")).mapToInt(Integer::parseInt).toArray();
            IntStream.rangeClosed(ends[0], ends[ends.length - 1]).forEach(numbers::add);
        }
        return numbers.stream().map(number -> {
            if (!known.containsKey(number.toString())) {
                throw new IllegalArgumentException("--rows=" + value + " (expected: rows from 1 to "
                        + known.keySet().stream().filter(Chaos::isNumber).count() + ")");
            }
            return number.toString();
        });
    }

    private static boolean isNumber(String name) {
        return name.matches("\\d+");
    }

    private static int positive(String argument, String value) {
        if (!value.matches("[1-9]\\d{0,5}")) {
            throw new IllegalArgumentException(argument + " (expected: a number from 1)");
        }
        return Integer.parseInt(value);
    }

    private boolean run() throws Exception {
        System.out.printf("seed %d; logs of what fails: %s%n", seed, target);
        Map<Row, List<Future<Run>>> results = new LinkedHashMap<>();
        ExecutorService executor = Executors.newFixedThreadPool(jobs);
        // run by run, so that a row's runs are spread over the time
        for (int i = 0; i < runs; i++) {
            int number = i;
            for (Row row : rows) {
                results.computeIfAbsent(row, any -> new ArrayList<>()).add(executor.submit(() -> run(row, number)));
            }
        }
        executor.shutdown();
        executor.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
        return table(results);
    }

    private Run run(Row row, int number) throws Exception {
        Path logs = target.resolve("row-" + row.name() + "-run-" + (number + 1)).toAbsolutePath();
        delete(logs);
        Files.createDirectories(logs);
        Path output = logs.resolve("output.log");
        long runSeed = seed + (long) SEEDS_A_RUN * number;
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // runs are short, and several share the machine: time spent on compiling is not earned back
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx1g",
                // what is only softly held, such as Spring's caches, counts as garbage where heap is measured
                "-XX:SoftRefLRUPolicyMSPerMB=0",
                "-cp",
                host.classPath(System.getProperty("java.class.path")),
                "-D" + Host.PROPERTY + "=" + host.option(),
                "-Dsoak.minutes=" + minutes,
                "-Dchaos.seed=" + runSeed,
                "-Dgrpclb.schedules=" + SEEDS_A_RUN,
                "-Dchaos.logs=" + logs));
        for (String setting : List.of("ETCD_BIN", "ETCDCTL_BIN")) {
            if (System.getProperty(setting) != null) {
                command.add("-D" + setting + "=" + System.getProperty(setting));
            }
        }
        command.addAll(List.of(RowRun.class.getName(), row.name()));
        if (number > 0) {
            command.add("again");
        }
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(LIMIT.toMinutes() + minutes, TimeUnit.MINUTES);
        if (!ended) {
            process.destroyForcibly();
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        Run run = new Run(
                ended ? outcome(process.exitValue()) : Outcome.BROKEN, took, ended ? why(output) : "took too long");
        System.out.printf(
                "row %s, run %d of %d, seed %d: %s in %d s%s%n",
                row.name(),
                number + 1,
                runs,
                runSeed,
                run.outcome().name().toLowerCase(),
                took.toSeconds(),
                run.why().isEmpty() ? "" : ": " + run.why());
        if (run.outcome() != Outcome.BROKEN) {
            delete(logs);
        }
        return run;
    }

    private static Outcome outcome(int exitCode) {
        return exitCode < Outcome.values().length ? Outcome.values()[exitCode] : Outcome.BROKEN;
    }

    private static String why(Path output) throws IOException {
        try (Stream<String> lines = Files.lines(output)) {
            return lines.filter(line -> line.startsWith(RowRun.MARK))
                    .map(line -> line.substring(RowRun.MARK.length()))
                    .reduce((one, other) -> one + "; " + other)
                    .orElse("");
        }
    }

    private static boolean table(Map<Row, List<Future<Run>>> results) throws Exception {
        boolean allHeld = true;
        System.out.printf(
                "%n| row | fault | allowed | runs | held | broken | skipped | s a run |%n|---|---|---|---|---|---|---|---|%n");
        for (Map.Entry<Row, List<Future<Run>>> entry : results.entrySet()) {
            Row row = entry.getKey();
            int[] counts = new int[Outcome.values().length];
            long millis = 0;
            TreeSet<String> reasons = new TreeSet<>();
            for (Future<Run> result : entry.getValue()) {
                Run run = result.get();
                counts[run.outcome().ordinal()]++;
                millis += run.took().toMillis();
                if (run.outcome() != Outcome.HELD || run.why().contains(RowRun.SKIPPED)) {
                    reasons.add(run.why());
                }
            }
            allHeld &= counts[Outcome.BROKEN.ordinal()] == 0;
            System.out.printf(
                    "| %s | %s | %s | %d | %d | %d | %d%s | %.0f |%n",
                    row.name(),
                    row.fault(),
                    row.allowed(),
                    entry.getValue().size(),
                    counts[0],
                    counts[1],
                    counts[2],
                    reasons.isEmpty() ? "" : " (" + String.join("; ", reasons) + ")",
                    millis / 1000.0 / entry.getValue().size());
        }
        System.out.println(allHeld ? "\nNothing broke." : "\nNot everything held.");
        return allHeld;
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }
}
