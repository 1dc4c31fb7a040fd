package io.github.grpclb.kubernetes;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An error as the API server answers it, be it as an answer's status or as an event of a watch. Immutable.
 *
 * @param code HTTP's
 * @param message what it says, possibly nothing
 * @param retryAfter how long it wants to be left alone; null where it does not say
 */
record ApiError(int code, String message, @Nullable Duration retryAfter) {}
