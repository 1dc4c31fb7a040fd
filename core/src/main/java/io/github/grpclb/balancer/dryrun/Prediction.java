package io.github.grpclb.balancer.dryrun;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where calls would go. Immutable.
 *
 * @param service the service called, or null where none was named and none found
 * @param client what the application calls the client, or null
 * @param policy the policy that picks now, or null where the channel has never known a server
 * @param steps what a call passes now, in order and in words
 * @param stepsAfter the same after the change; null where there is none, or it cannot be told
 * @param before of all servers; null where it cannot be told
 * @param after of the same servers after the change; null where there is none, or it cannot be told
 * @param failed the part of the calls that fail
 * @param waiting the part of the calls that wait for a connection first; those that wait for a certain server's count as that server's
 * @param reason why something cannot be told, or else why calls fail; null where neither is so
 */
public record Prediction(
        @Nullable String service,
        @Nullable String client,
        @Nullable String policy,
        List<String> steps,
        @Nullable List<String> stepsAfter,
        @Nullable List<Share> before,
        @Nullable List<Share> after,
        Part failed,
        Part waiting,
        @Nullable String reason) {

    /** How many calls are tried. */
    public static final int PICKS = 10_000;

    /**
     * What a server gets.
     *
     * @param address {@code host:port}
     * @param id its own id, or null
     * @param share of the calls, 0 to 1
     */
    public record Share(String address, @Nullable String id, double share) {}

    /**
     * A part of the calls, 0 to 1.
     *
     * @param before now; null where it cannot be told
     * @param after after the change; null where there is none, or it cannot be told
     */
    public record Part(@Nullable Double before, @Nullable Double after) {}

    /** Says why nothing can be told. */
    static Prediction none(@Nullable String service, @Nullable String client, @Nullable String policy, String reason) {
        Part unknown = new Part(null, null);
        return new Prediction(service, client, policy, List.of(), null, null, null, unknown, unknown, reason);
    }
}
