package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import java.util.List;

/** Which of the ready endpoints take new calls, whatever the policy. */
final class NewCalls {

    private NewCalls() {}

    /**
     * Leaves out those that drain or have weight 0, unless no other is there: then those of weight 0 share alike, and where all
     * drain, the draining ones are used.
     *
     * @param ready all that are ready
     * @return in the same order, each with a weight above 0; the same list where nothing is to be left out
     */
    static List<EndpointCandidate> among(List<EndpointCandidate> ready) {
        List<EndpointCandidate> staying = Pool.filter(ready, candidate -> !candidate.isDraining());
        List<EndpointCandidate> group = staying.isEmpty() ? ready : staying;
        List<EndpointCandidate> weighted = Pool.filter(group, candidate -> candidate.weight() > 0);
        if (!weighted.isEmpty()) {
            return weighted;
        }
        return group.stream().map(candidate -> candidate.withWeight(1)).toList();
    }
}
