package io.github.grpclb.policy.builtin;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.CopyablePolicy;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/** Any server, each as likely as its weight says. A pick costs the same for three servers and for ten thousand. */
final class WeightedRandomPolicy implements CopyablePolicy {

    static final String NAME = "weighted_random";

    private final LongSupplier chance;

    WeightedRandomPolicy() {
        this(() -> ThreadLocalRandom.current().nextLong());
    }

    /**
     * Creates the policy.
     *
     * @param chance gives 64 random bits; thread-safe
     */
    WeightedRandomPolicy(LongSupplier chance) {
        this.chance = chance;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        return new WeightedRandomPolicy(otherChance);
    }

    @Override
    public boolean followsWeights() {
        return true;
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        Candidate[] servers = ready.toArray(Candidate[]::new);
        AliasTable table = AliasTable.of(WholeWeights.of(ready));
        return call -> servers[table.at(chance.getAsLong())];
    }
}
