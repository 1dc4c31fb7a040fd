package io.github.grpclb.policy;

import io.grpc.LoadBalancer.PickSubchannelArgs;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a server for each call. The balancer has seen to everything else by then: connections, endpoints that are draining or
 * have no weight, servers that fail or are new, calls that are bound to a server, a version or a zone.
 *
 * <pre>{@code
 * final class NewestFirst implements Policy {
 *     public String name() {
 *         return "newest_first";
 *     }
 *
 *     public Picker picker(List<Candidate> known, List<Candidate> ready) {
 *         Candidate newest = Collections.max(ready, Comparator.comparing(c -> c.endpoint().startedAt()));
 *         return call -> newest;
 *     }
 * }
 * }</pre>
 *
 * A bean of this type is one object for all channels of the application, which call it at the same time: whatever it keeps must be
 * thread-safe, and is shared. Where each channel is to have its own, or where there are options, a {@link PolicyFactory} makes them.
 *
 * <p>A policy that throws does not harm the channel: the exception is logged once, and calls are spread evenly instead.
 */
public interface Policy {

    /** Returns the name by which it is configured, in lower case with underscores; constant. */
    String name();

    /**
     * Makes the picker for the endpoints as they are now. Called whenever an endpoint came, went or changed; for one channel never
     * twice at the same time. Where calls choose by tags or zones, it is called for each part of the endpoints. Must not block.
     * State that is to outlive a list belongs in the policy.
     *
     * @param known all endpoints in a stable order, also those without a connection; immutable
     * @param ready those that can take a call now, in the same order; immutable. The balancer asks only when there is one
     */
    Picker picker(List<Candidate> known, List<Candidate> ready);

    /**
     * Says whether calls follow {@link Candidate#weight()}, so that a candidate of half the weight gets about half the calls.
     * Constant. Where they do, a server in its slow start has less weight; where they do not, its weight stays, and the balancer
     * asks for another pick as often as it must.
     */
    default boolean followsWeights() {
        return false;
    }

    /**
     * Says whether what a call is about decides which server it goes to, so that all clients must agree. Constant. Where it does, a
     * {@code subsetSize} bounds the connections that are kept open, not the servers that may be picked: the policy is given all,
     * also those {@linkplain Candidate#isInSubset() outside} of the subset, and a call that picks one of these waits for its
     * connection. Where it does not, the policy chooses among the channel's subset.
     */
    default boolean followsKeys() {
        return false;
    }

    /** Picks among the candidates that it was made for. Thread-safe, called for every call: no locks, no waiting. */
    @FunctionalInterface
    interface Picker {

        /**
         * Picks a server for a call.
         *
         * @return one of the ready candidates; or one that is known only, for whose connection the call then waits; or null where
         *     none will do, which fails the call with the {@linkplain #reason reason}, and lets it wait if it asked for that
         */
        @Nullable
        Candidate pick(PickSubchannelArgs call);

        /** Says why {@link #pick} returned null, for the status of the call. */
        default String reason(PickSubchannelArgs call) {
            return "no endpoint will do for this call";
        }
    }
}
