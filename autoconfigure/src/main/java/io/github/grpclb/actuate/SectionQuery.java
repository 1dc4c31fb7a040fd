package io.github.grpclb.actuate;

import io.github.grpclb.discovery.IllegalValueException;
import org.jspecify.annotations.Nullable;

/**
 * What a reader of a {@link Section} wants to see. A section looks at what it knows, and ignores the rest. Immutable.
 *
 * @param service only of this service; null for all
 * @param client only of this client of the application's; null for all
 * @param search only what contains this text; null for all
 * @param sort by which field; null for the section's own order
 * @param offset how many to leave out first, from 0
 * @param limit how many to tell, 1 to {@value #MOST}
 * @param since only what came after this number; 0 for all
 * @param call what a call would bring, {@code name=value} divided by commas; null for nothing
 * @param change what would be otherwise, {@code name=value} divided by commas; null for nothing
 */
public record SectionQuery(
        @Nullable String service,
        @Nullable String client,
        @Nullable String search,
        @Nullable String sort,
        int offset,
        int limit,
        long since,
        @Nullable String call,
        @Nullable String change) {

    /** How many are told of where the reader does not say. */
    public static final int SOME = 100;

    /** How many can be told of at once. */
    public static final int MOST = 1_000;

    /** Asks for all there is, from the beginning. */
    public static final SectionQuery ALL = new SectionQuery(null, null, null, null, 0, SOME, 0, null, null);

    public SectionQuery {
        if (offset < 0) {
            throw new IllegalValueException("offset", offset, "0 or more");
        }
        if (limit < 1 || limit > MOST) {
            throw new IllegalValueException("limit", limit, "1 to " + MOST);
        }
    }
}
