package io.github.grpclb.policy.builtin;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.CopyablePolicy;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The first server of the list that is ready, and the same one for as long as it is. The others stay connected, in reserve. */
final class PickFirstPolicy implements CopyablePolicy {

    static final String NAME = "pick_first";

    // pickers of a channel are made one after the other
    private Endpoint.@Nullable Identity current;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public CopyablePolicy copy(LongSupplier otherChance) {
        PickFirstPolicy copy = new PickFirstPolicy();
        copy.current = current;
        return copy;
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        Candidate choice = ready.stream()
                .filter(candidate -> candidate.endpoint().identity().equals(current))
                .findFirst()
                .orElse(ready.get(0));
        current = choice.endpoint().identity();
        return call -> choice;
    }
}
