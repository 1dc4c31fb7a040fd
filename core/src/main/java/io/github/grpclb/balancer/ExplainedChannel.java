package io.github.grpclb.balancer;

import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.github.grpclb.balancer.explain.WeightChain;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.UnusedRecords;
import io.grpc.ConnectivityState;
import io.grpc.Status;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A channel, and why each of its servers gets its calls, fewer or none. Immutable.
 *
 * @param client what the application calls it, or null where that is not known
 * @param service the service that it calls
 * @param policy the policy that picks, or picked last; null where there was none yet
 * @param state whether it is connected; {@code IDLE} until the first call, and again after a time without calls
 * @param reason why no server is there, or none takes calls; null otherwise
 * @param listAgeMillis how old the list of servers is that it goes by, or null where it has none
 * @param panicking the parts of its servers of which so few are usable that ejected ones are used as well, such as {@code
 *     version=v2}; the empty text for all servers
 * @param counts how many of its servers are in which state
 * @param unused records of the service that the registry has and that are no servers here, and why
 * @param total how many servers it has
 * @param found how many of them were asked for, before they were divided into pages
 * @param endpoints those of the page
 */
public record ExplainedChannel(
        @Nullable String client,
        String service,
        @Nullable String policy,
        ConnectivityState state,
        @Nullable String reason,
        @Nullable Long listAgeMillis,
        List<String> panicking,
        Map<EndpointState, Integer> counts,
        UnusedRecords unused,
        int total,
        int found,
        List<Server> endpoints) {

    /**
     * One server.
     *
     * @param endpoint what the registry says of it
     * @param state what it can do for the channel
     * @param takesCalls whether it takes calls that ask for nothing
     * @param why one sentence
     * @param verdicts what each step makes of it, in their order
     * @param weight how its weight comes about
     * @param share which part of the calls it gets
     * @param calls what became of its calls
     * @param connectedMillis how long its connection has been ready, or null while it is not
     */
    public record Server(
            Endpoint endpoint,
            EndpointState state,
            boolean takesCalls,
            String why,
            List<Verdict> verdicts,
            WeightChain weight,
            Share share,
            Calls calls,
            @Nullable Long connectedMillis) {

        /**
         * Returns the reasons by their names: where it takes no calls, those of the steps that it does not pass; else all that are said of it.
         * Empty where nothing is held against it. In the order of the steps, each once.
         */
        public Set<Reason> reasons() {
            return verdicts.stream()
                    .filter(each -> takesCalls ? each.reason() != Reason.OK : !each.passes())
                    .map(Verdict::reason)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }
    }

    /**
     * Which part of the calls a server gets.
     *
     * @param expected of this channel's calls that ask for nothing, 0 to 1; null where that follows from more than weights
     * @param observed of the calls of this process to the service, 0 to 1; null where there were none
     * @param observedCalls how many these were
     * @param observedSeconds in which time, about a minute or since the start
     */
    public record Share(
            @Nullable Double expected, @Nullable Double observed, long observedCalls, long observedSeconds) {}

    /**
     * What became of the calls of this process to a server.
     *
     * @param inFlight how many are under way
     * @param successes how many succeeded
     * @param failures how many failed
     * @param cancellations how many their callers gave up
     * @param p50Millis half of the last ones were answered within that; null until that has been counted for a while
     * @param p99Millis all but a hundredth were
     * @param failuresByCode how many failed with which status
     */
    public record Calls(
            int inFlight,
            long successes,
            long failures,
            long cancellations,
            @Nullable Double p50Millis,
            @Nullable Double p99Millis,
            Map<Status.Code, Long> failuresByCode) {}
}
