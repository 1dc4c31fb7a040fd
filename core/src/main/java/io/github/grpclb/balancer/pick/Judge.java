package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.explain.Verdict;

/** Says what a step makes of each server, as things stood when it was made. For whoever asks, on any thread. */
@FunctionalInterface
interface Judge {

    Verdict verdict(EndpointCandidate server);
}
