package io.github.grpclb.bench;

import io.github.grpclb.bench.Results.Cost;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs a benchmark in a fresh JVM for each set of parameters, and with JMH's measure of allocation. */
final class Jmh {

    private Jmh() {}

    /**
     * Measures the costs for one contender and some sizes: the best iteration, since what disturbs a measurement only ever
     * adds to it; of as many JVMs as there are threads, since on a small virtual machine two threads may be disturbed for the
     * whole life of a JVM.
     *
     * @param parameters further ones, one value each
     */
    static void run(
            Class<?> benchmark,
            Scale scale,
            int threads,
            String contender,
            List<Integer> sizes,
            Map<String, String> parameters,
            Results results) {
        TimeValue iteration = TimeValue.milliseconds(scale.iteration().toMillis());
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(benchmark.getName())
                .param("contender", contender)
                .param("size", sizes.stream().map(String::valueOf).toArray(String[]::new))
                .threads(threads)
                .forks(threads)
                .jvmArgs("-Xmx1g", "-XX:+UseParallelGC")
                .warmupIterations(scale.warmUps())
                .warmupTime(iteration)
                .measurementIterations(scale.iterations())
                .measurementTime(iteration)
                .addProfiler(GCProfiler.class)
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true);
        parameters.forEach(options::param);
        try {
            Collection<RunResult> runs = new Runner(options.build()).run();
            for (RunResult run : runs) {
                results.add(
                        contender,
                        Integer.parseInt(run.getParams().getParam("size")),
                        new Cost(
                                run.getPrimaryResult().getStatistics().getMin(),
                                run.getSecondaryResults()
                                        .get("gc.alloc.rate.norm")
                                        .getScore()));
            }
        } catch (RunnerException e) {
            throw new IllegalStateException(benchmark.getSimpleName() + " of " + contender + " failed", e);
        }
    }
}
