package io.github.grpclb.bench;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One pick. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PickBenchmark {

    @Param("")
    public String contender = "";

    @Param("0")
    public int size;

    private Contender picker = turn -> turn;

    @Setup
    public void setUp() {
        picker = Contenders.create(contender, size);
    }

    @Benchmark
    public Object pick(Caller caller) {
        return picker.pick(caller.turn++);
    }

    /** A thread that calls. */
    @State(Scope.Thread)
    public static class Caller {

        int turn = ThreadLocalRandom.current().nextInt();
    }
}
