package io.github.grpclb.actuate;

/**
 * Why a {@link Section} or an {@link Action} that asks the registry has no answer; told with the status 503.
 *
 * @param version of what is told
 * @param reason for a person to read
 */
public record RegistryFailure(int version, String reason) {}
