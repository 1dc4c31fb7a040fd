package io.github.grpclb.balancer;

import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyTable;
import java.util.List;
import java.util.Map;

/** A policy that takes the ready servers in turn, from the second on, and keeps what it was given last. */
final class InTurn implements Policy {

    private final String name;
    private List<Candidate> lastReady = List.of();
    private int turn;

    InTurn(String name) {
        this.name = name;
    }

    /** Returns a table in which it is the default policy. */
    static PolicyTable alone(InTurn policy) {
        return new PolicyTable(Map.of(policy.name, options -> policy), List.of(), List.of());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Picker picker(List<Candidate> known, List<Candidate> ready) {
        lastReady = ready;
        turn = 0;
        return call -> ready.get(++turn % ready.size());
    }

    /** Returns the servers that were ready when it was last asked for a picker. */
    List<Candidate> lastReady() {
        return lastReady;
    }
}
