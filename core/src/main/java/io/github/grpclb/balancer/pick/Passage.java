package io.github.grpclb.balancer.pick;

import java.util.ArrayList;
import java.util.List;

/** Where a call goes on to from a step, and what the step has to say of that. Not thread-safe. */
final class Passage {

    private static final int MOST_NAMED = 3;

    private final List<String> says = new ArrayList<>();
    private final List<Way> ways = new ArrayList<>();

    /** Returns that of a call that a step lets through without a word. */
    static Passage through(Pool pool) {
        return new Passage().to(pool);
    }

    Passage say(String text) {
        says.add(text);
        return this;
    }

    Passage to(Pool pool) {
        return to(pool, 1);
    }

    /**
     * Adds a pool.
     *
     * @param share the part of such calls that goes there, 0 to 1; none at 0
     */
    Passage to(Pool pool, double share) {
        if (share > 0) {
            ways.add(new Way(pool, share));
        }
        return this;
    }

    List<String> says() {
        return says;
    }

    /** Returns among whom the call may go on, with shares that make 1; none where it fails. */
    List<Way> ways() {
        return ways;
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
