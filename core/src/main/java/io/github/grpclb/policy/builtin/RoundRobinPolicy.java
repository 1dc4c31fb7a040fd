package io.github.grpclb.policy.builtin;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.CopyablePolicy;
import java.util.List;
import java.util.function.LongSupplier;

/** Each server in turn, whatever its weight. A change of the list does not start the turn anew. */
final class RoundRobinPolicy implements CopyablePolicy {

    static final String NAME = "round_robin";

    private final TurnCounter turns;

    RoundRobinPolicy() {
        this(new TurnCounter());
    }

    RoundRobinPolicy(TurnCounter turns) {
        this.turns = turns;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        return new RoundRobinPolicy(new TurnCounter((int) otherChance.getAsLong()));
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        Candidate[] servers = ready.toArray(Candidate[]::new);
        return call -> servers[Integer.remainderUnsigned(turns.next(), servers.length)];
    }
}
