package io.github.grpclb.policy.builtin;

import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.load.PeakEwma;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.CopyablePolicy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * The cheaper of two servers that are drawn by chance, where a server costs the average latency of its calls times one more than
 * those in flight: Finagle's {@code p2cPeakEwma}. Calls that have no answer yet count with their age where that is above the
 * average, after Kratos, so a server that stalls is left alone before any call to it ends.
 *
 * <p>A server of which nothing is known, since it is new or has long not been called, costs nothing while it is idle, and more than
 * any other as soon as it has a call: so it is tried once.
 *
 * <p>Where weights differ, servers are drawn in proportion to them, and a call in flight counts in proportion to them. The first
 * that is drawn gives way with the chance by which the other is cheaper, to one that costs half for sure. So servers that are
 * equally fast have shares by weight.
 *
 * <p>A pick does not ask for the time, which would cost more than all the rest of it. It takes the time at which one of the two
 * servers last had news of a call: that is a moment ago where calls are many, and where they are few, both look the same age.
 *
 * <p>Option: {@code decay}, how long a latency counts, 1 s to 365 days, default 10 s.
 */
final class PeakEwmaPolicy implements CopyablePolicy {

    static final String NAME = "peak_ewma";

    /** More than any latency: 11 days in nanoseconds. */
    private static final double UNKNOWN = 1e15;

    private final Duration decay;
    private final LongSupplier chance;

    PeakEwmaPolicy(ConfigFields options) {
        this(options, () -> ThreadLocalRandom.current().nextLong());
    }

    /**
     * Creates the policy.
     *
     * @param chance gives 64 random bits; thread-safe
     */
    PeakEwmaPolicy(ConfigFields options, LongSupplier chance) {
        this.decay = options.duration("decay", EndpointLoad.DEFAULT_DECAY, Duration.ofSeconds(1));
        this.chance = chance;
    }

    private PeakEwmaPolicy(Duration decay, LongSupplier chance) {
        this.decay = decay;
        this.chance = chance;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        return new PeakEwmaPolicy(decay, otherChance);
    }

    @Override
    public boolean followsWeights() {
        return true;
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        Candidate[] servers = ready.toArray(Candidate[]::new);
        int n = servers.length;
        if (n == 1) {
            return call -> servers[0];
        }
        EndpointLoad[] loads = ready.stream().map(Candidate::load).toArray(EndpointLoad[]::new);
        PeakEwma[] latencies =
                ready.stream().map(candidate -> candidate.load().latency(decay)).toArray(PeakEwma[]::new);
        WholeWeights weights = WholeWeights.of(ready);
        if (weights.areEqual()) {
            return call -> {
                long bits = chance.getAsLong();
                int first = Chance.below(n, bits);
                int other = first + 1 + Chance.below(n - 1, bits << 32);
                other = other < n ? other : other - n;
                long now = latest(loads[first], loads[other]);
                double costOfFirst = cost(latencies[first], loads[first], 1, now);
                return servers[cost(latencies[other], loads[other], 1, now) < costOfFirst ? other : first];
            };
        }
        AliasTable table = AliasTable.of(weights);
        return call -> {
            int first = table.at(chance.getAsLong());
            int other = Chance.another(first, table, n, chance);
            double lighter = Math.min(weights.at(first), weights.at(other));
            long now = latest(loads[first], loads[other]);
            double costOfFirst = cost(latencies[first], loads[first], lighter / weights.at(first), now);
            double costOfOther = cost(latencies[other], loads[other], lighter / weights.at(other), now);
            return servers[Chance.happens(costOfFirst / costOfOther - 1, chance) ? other : first];
        };
    }

    private static long latest(EndpointLoad one, EndpointLoad other) {
        long time = one.latestNanos();
        return Math.max(other.latestNanos() - time, 0) + time;
    }

    private static double cost(PeakEwma average, EndpointLoad load, double share, long now) {
        int inFlight = load.inFlight();
        double latency = average.at(now);
        if (latency == 0) {
            return inFlight == 0 ? 0 : UNKNOWN * (inFlight * share + 1);
        }
        return inFlight == 0 ? latency : Math.max(latency, load.meanWaitNanos(now)) * (inFlight * share + 1);
    }
}
