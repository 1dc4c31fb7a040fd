package io.github.grpclb.testing;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import java.util.ArrayList;
import java.util.List;

/** A candidate for the tests of a policy. */
public record FakeCandidate(Endpoint endpoint, double weight, EndpointLoad load) implements Candidate {

    /** Returns one candidate per weight, with ids 0, 1, 2 and so on. */
    public static List<Candidate> withWeights(double... weights) {
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            candidates.add(of(i, weights[i]));
        }
        return candidates;
    }

    public static Candidate of(int id, double weight) {
        Endpoint endpoint = Endpoint.builder("svc", "10.0." + id / 250 + "." + id % 250, 8000)
                .id(String.valueOf(id))
                .startedAt(1)
                .build();
        return new FakeCandidate(endpoint, weight, new EndpointLoad(endpoint.identity(), 0));
    }
}
