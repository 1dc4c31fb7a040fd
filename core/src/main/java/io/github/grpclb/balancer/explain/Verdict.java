package io.github.grpclb.balancer.explain;

import org.jspecify.annotations.Nullable;

/**
 * What one step makes of one server. Immutable.
 *
 * @param step which step it is, one of the constants here
 * @param passes whether the step lets calls that ask for nothing go there
 * @param reason why; {@link Reason#OK} where there is nothing to be said
 * @param detail figures and names, for a person to read; null where there is nothing to be said
 */
public record Verdict(
        String step,
        boolean passes,
        Reason reason,
        @Nullable String detail) {

    /** What the server says of its leaving. */
    public static final String DRAIN = "drain";

    /** What operators have set. */
    public static final String OVERRIDE = "override";

    /** What the registry says of its share. */
    public static final String WEIGHT = "weight";

    /** Whether it can be reached. */
    public static final String CONNECTION = "connection";

    /** What it says of its health. */
    public static final String HEALTH = "health";

    /** Whether it fails more often than the others. */
    public static final String EJECTION = "ejection";

    /** What calls say of it by tags. */
    public static final String TAGS = "tags";

    /** Whether enough servers are usable. */
    public static final String PANIC = "panic";

    /** Whether it is in the client's zone. */
    public static final String ZONE = "zone";

    /** Whether it is one of those that the channel connects to. */
    public static final String SUBSET = "subset";

    /** Whether the registry lists it. */
    public static final String REGISTRY = "registry";

    /** Whether it is new. */
    public static final String SLOW_START = "slow-start";

    /** Returns that a step has nothing against a server. */
    public static Verdict ok(String step) {
        return new Verdict(step, true, Reason.OK, null);
    }
}
