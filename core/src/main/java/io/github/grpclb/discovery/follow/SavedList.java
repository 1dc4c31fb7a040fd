package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;

/**
 * A service's last good list as it was found on disk; whether it names endpoints is not known yet.
 *
 * @param <R> what a list is as the registry holds it
 * @param asOf when the registry last confirmed it, milliseconds since the epoch
 * @param records as they were in the registry
 * @param origin where it was found, for a log line
 */
@Internal
public record SavedList<R>(long asOf, R records, String origin) {}
