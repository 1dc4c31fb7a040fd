package io.github.grpclb.policy.builtin;

import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.CopyablePolicy;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * The one with the fewest calls in flight among a few servers that are drawn by chance: Michael Mitzenmacher, "The Power of Two
 * Choices in Randomized Load Balancing" (1996); options as in Envoy and gRFC A48.
 *
 * <p>Where weights differ, servers are drawn in proportion to them, and calls in flight are compared in proportion to them: a
 * server of weight 5 is as busy with five calls as one of weight 1 with one. The first that is drawn gives way for sure to one that
 * is less busy by a call, and for a part of a call with that chance; {@code activeRequestBias} multiplies it. So an idle service
 * has the shares of {@code weighted_random}, and so has one whose servers are as fast as their weights say. Envoy's own rule for
 * this case, weighted round robin by {@code weight / (active + 1)^bias}, needs a lock, and flattens the weights the more calls there
 * are.
 *
 * <p>Options: {@code choiceCount}, 2 to 10, default 2; {@code activeRequestBias}, 0 (load does not matter) to 100, default 1, has
 * an effect only where weights differ.
 */
final class LeastRequestPolicy implements CopyablePolicy {

    static final String NAME = "least_request";

    private final int choiceCount;
    private final double bias;
    private final LongSupplier chance;

    LeastRequestPolicy(ConfigFields options) {
        this(options, () -> ThreadLocalRandom.current().nextLong());
    }

    /**
     * Creates the policy.
     *
     * @param chance gives 64 random bits; thread-safe
     */
    LeastRequestPolicy(ConfigFields options, LongSupplier chance) {
        this.choiceCount = options.whole("choiceCount", 2, 2, 10);
        this.bias = options.number("activeRequestBias", 1, 0, 100);
        this.chance = chance;
    }

    private LeastRequestPolicy(int choiceCount, double bias, LongSupplier chance) {
        this.choiceCount = choiceCount;
        this.bias = bias;
        this.chance = chance;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        return new LeastRequestPolicy(choiceCount, bias, otherChance);
    }

    @Override
    public boolean followsWeights() {
        return true;
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        Candidate[] servers = ready.toArray(Candidate[]::new);
        EndpointLoad[] loads = ready.stream().map(Candidate::load).toArray(EndpointLoad[]::new);
        int others = Math.min(choiceCount, servers.length) - 1;
        WholeWeights weights = WholeWeights.of(ready);
        if (weights.areEqual()) {
            int[] parts = parts(servers.length - 1, others);
            return call -> servers[leastBusy(loads, parts)];
        }
        AliasTable table = AliasTable.of(weights);
        double[] callWeights = IntStream.range(0, servers.length)
                .mapToDouble(i -> 1.0 / weights.at(i))
                .toArray();
        return call -> servers[leastBusy(loads, callWeights, table, others)];
    }

    /** Returns the bounds of parts of a list that are as equal as can be. */
    private static int[] parts(int size, int count) {
        return IntStream.rangeClosed(0, count)
                .map(i -> count == 0 ? 0 : i * size / count)
                .toArray();
    }

    /** Each of the others that are drawn comes from another part of the list, seen from the first: so all are different. */
    private int leastBusy(EndpointLoad[] loads, int[] parts) {
        int first = Chance.below(loads.length, chance.getAsLong());
        int best = first;
        int least = loads[first].inFlight();
        for (int i = 1; i < parts.length; i++) {
            int from = parts[i - 1];
            int other = first + 1 + from + Chance.below(parts[i] - from, chance.getAsLong());
            other = other < loads.length ? other : other - loads.length;
            int busy = loads[other].inFlight();
            if (busy < least) {
                least = busy;
                best = other;
            }
        }
        return best;
    }

    /** Takes the weight of a call on each server: 1 / the server's. */
    private int leastBusy(EndpointLoad[] loads, double[] callWeights, AliasTable table, int others) {
        int best = table.at(chance.getAsLong());
        for (int i = 0; i < others; i++) {
            int other = Chance.another(best, table, loads.length, chance);
            double less = loads[best].inFlight() * callWeights[best] - loads[other].inFlight() * callWeights[other];
            if (less > 0 && Chance.happens(less * bias / Math.max(callWeights[best], callWeights[other]), chance)) {
                best = other;
            }
        }
        return best;
    }
}
