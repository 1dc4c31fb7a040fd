package io.github.grpclb.bench;

import io.grpc.EquivalentAddressGroup;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One list in which something changed in the middle, from the resolver to the picker that is out. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class UpdateBenchmark {

    /** What changed. */
    public enum Change {
        WEIGHT,
        ADDED,
        REMOVED
    }

    @Param("")
    public String contender = "";

    @Param("0")
    public int size;

    @Param("WEIGHT")
    public Change change = Change.WEIGHT;

    private List<EquivalentAddressGroup> before = List.of();
    private List<EquivalentAddressGroup> after = List.of();
    private ReadyChannel channel = new ReadyChannel(GrpcContenders.bareRoundRobin(), Map.of());

    @Setup
    public void setUp() {
        if (!contender.equals(Contenders.GRPC_ROUND_ROBIN)) {
            channel = OurContenders.channel(contender);
        }
        List<EquivalentAddressGroup> all = Fleet.weighted(size + 1);
        List<EquivalentAddressGroup> oneLess = new ArrayList<>(all);
        oneLess.remove(size / 2);
        List<EquivalentAddressGroup> otherWeight = new ArrayList<>(all);
        otherWeight.set(size / 2, Fleet.group(size / 2, 7));
        before = change == Change.ADDED ? oneLess : all;
        after = switch (change) {
            case WEIGHT -> otherWeight;
            case ADDED -> all;
            case REMOVED -> oneLess;
        };
    }

    /** The pauses that this makes are small beside what is measured. */
    @Setup(Level.Invocation)
    public void goBack() {
        channel.accept(before);
    }

    @Benchmark
    public Status update() {
        return channel.accept(after);
    }
}
