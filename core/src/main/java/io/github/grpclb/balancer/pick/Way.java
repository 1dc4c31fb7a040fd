package io.github.grpclb.balancer.pick;

import java.util.ArrayList;
import java.util.List;

/**
 * Where one call goes on to from a step, and what the step has to say of that; a part of it is said of a pool. Not thread-safe.
 */
final class Way {

    private static final int MOST_NAMED = 3;

    private final List<String> says = new ArrayList<>();
    private final List<Pool> pools = new ArrayList<>();

    /** Returns the way of a call that a step has nothing to say of. */
    static Way through(Pool pool) {
        return new Way().to(pool);
    }

    Way say(String text) {
        says.add(text);
        return this;
    }

    Way to(Pool pool) {
        pools.add(pool);
        return this;
    }

    List<String> says() {
        return says;
    }

    /** Returns among whom the call may go on; none where it fails. */
    List<Pool> pools() {
        return pools;
    }

    /** Names the first of some things. */
    static String some(List<String> names) {
        return names.size() <= MOST_NAMED
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, MOST_NAMED)) + " and " + (names.size() - MOST_NAMED) + " more";
    }

    static String servers(int count) {
        return count == 1 ? "1 server" : count + " servers";
    }

    /** Writes a share from 0 to 1 in per cent, or a number of per cent. */
    static String percent(double percent) {
        double rounded = Math.round(percent * 10) / 10.0;
        return (rounded == Math.rint(rounded) ? String.valueOf((long) rounded) : String.valueOf(rounded)) + " %";
    }
}
