package io.github.grpclb.policy.builtin;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.CopyablePolicy;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Each server in turn and as often as its weight says, smoothly. Where the whole order would be long, the turns of an
 * {@link AliasTable} take its place, with the same shares.
 */
final class WeightedRoundRobinPolicy implements CopyablePolicy {

    static final String NAME = "weighted_round_robin";

    /** Steps that working out an order may take: about a millisecond, on the channel's own thread. */
    private static final long LARGEST_ORDER = 1 << 19;

    private final TurnCounter turns;

    WeightedRoundRobinPolicy() {
        this(new TurnCounter());
    }

    WeightedRoundRobinPolicy(TurnCounter turns) {
        this.turns = turns;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        return new WeightedRoundRobinPolicy(new TurnCounter((int) otherChance.getAsLong()));
    }

    @Override
    public boolean followsWeights() {
        return true;
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        Candidate[] servers = ready.toArray(Candidate[]::new);
        WholeWeights weights = WholeWeights.of(ready);
        if (weights.sum() * weights.size() <= LARGEST_ORDER) {
            int[] order = SmoothSequence.of(weights);
            return call -> servers[order[Integer.remainderUnsigned(turns.next(), order.length)]];
        }
        AliasTable table = AliasTable.of(weights);
        return call -> servers[table.atTurn(turns.next())];
    }
}
