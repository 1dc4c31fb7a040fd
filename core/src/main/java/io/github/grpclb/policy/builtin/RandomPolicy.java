package io.github.grpclb.policy.builtin;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.CopyablePolicy;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/** Any server, each as likely as the other, whatever its weight. */
final class RandomPolicy implements CopyablePolicy {

    static final String NAME = "random";

    private final LongSupplier chance;

    RandomPolicy() {
        this(() -> ThreadLocalRandom.current().nextLong());
    }

    /**
     * Creates the policy.
     *
     * @param chance gives 64 random bits; thread-safe
     */
    RandomPolicy(LongSupplier chance) {
        this.chance = chance;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        return new RandomPolicy(otherChance);
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        Candidate[] servers = ready.toArray(Candidate[]::new);
        return call -> servers[Chance.below(servers.length, chance.getAsLong())];
    }
}
