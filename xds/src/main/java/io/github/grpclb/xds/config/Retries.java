package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.IllegalValueException;
import io.grpc.Status;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which calls that failed are made again, as in gRFC A44. Immutable.
 *
 * @param codes of failures that are: some of {@code CANCELLED}, {@code DEADLINE_EXCEEDED}, {@code INTERNAL}, {@code RESOURCE_EXHAUSTED}
 *     and {@code UNAVAILABLE}; not empty
 * @param times how often, 1 to 4
 * @param firstPause about how long before the first time, more than 0; twice as long before each one after it
 * @param longestPause not less than the first
 */
public record Retries(Set<Status.Code> codes, int times, Duration firstPause, Duration longestPause) {

    private static final Set<Status.Code> POSSIBLE = EnumSet.of(
            Status.Code.CANCELLED,
            Status.Code.DEADLINE_EXCEEDED,
            Status.Code.INTERNAL,
            Status.Code.RESOURCE_EXHAUSTED,
            Status.Code.UNAVAILABLE);

    public Retries {
        codes = Set.copyOf(codes);
        if (codes.isEmpty() || !POSSIBLE.containsAll(codes)) {
            throw new IllegalValueException("codes", codes, "some of " + POSSIBLE);
        }
        if (times < 1 || times > 4) {
            throw new IllegalValueException("times", times, "1 to 4");
        }
        if (firstPause.isNegative() || firstPause.isZero()) {
            throw new IllegalValueException("firstPause", firstPause, "a duration above 0");
        }
        if (longestPause.compareTo(firstPause) < 0) {
            throw new IllegalValueException("longestPause", longestPause, "not less than the first, " + firstPause);
        }
    }
}
