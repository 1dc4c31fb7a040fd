package io.github.grpclb.discovery;

import java.util.List;
import java.util.stream.Stream;

/**
 * Which records of a service the registry has and nobody is called by, and why: so that whoever looks for a server finds it. Immutable.
 *
 * @param total how many there are
 * @param some the first {@value #MOST} of them at most, in the order of their keys
 */
public record UnusedRecords(int total, List<Unused> some) {

    /** How many are named at most: whoever floods the registry does not fill the memory. */
    public static final int MOST = 100;

    /** All records are used. */
    public static final UnusedRecords NONE = new UnusedRecords(0, List.of());

    /** Why a record is not used. */
    public enum Cause {
        /** It cannot be read, or names a host that is not allowed. */
        REFUSED,
        /** The service has more servers than are allowed, and others are older. */
        TOO_MANY,
        /** Its host name leads to no address. */
        NO_ADDRESS
    }

    /**
     * A record.
     *
     * @param key its key in the registry, as it is
     * @param cause why it is not used
     * @param lastGood whether its server takes calls all the same, by what the record said before
     * @param detail what was found and what was expected, for a person to read; of one line
     */
    public record Unused(String key, Cause cause, boolean lastGood, String detail) {}

    public UnusedRecords {
        some = List.copyOf(some);
    }

    /** Returns these and others, by their sum the first of both. */
    public UnusedRecords and(UnusedRecords others) {
        if (others.total == 0) {
            return this;
        }
        return total == 0
                ? others
                : new UnusedRecords(
                        total + others.total,
                        Stream.concat(some.stream(), others.some.stream())
                                .limit(MOST)
                                .toList());
    }

    /** Returns in one line how many there are, and one of them; the empty text where there are none. */
    public String describe() {
        if (some.isEmpty()) {
            return total == 0 ? "" : total + " not used";
        }
        Unused first = some.get(0);
        return total + " not used, such as " + LogText.of(first.key) + ": " + first.detail;
    }
}
