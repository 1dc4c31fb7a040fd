package io.github.grpclb.registration;

import java.time.Duration;

/**
 * How a server leaves.
 *
 * @param quietPeriod how long no new call must have arrived before the server may stop; zero: it does not wait
 * @param timeout longest wait for that quiet
 * @param streamGrace how long streams may go on after that, while the server still serves, before they are ended
 * @param registryTimeout longest wait for each answer of the registry
 */
public record Drain(Duration quietPeriod, Duration timeout, Duration streamGrace, Duration registryTimeout) {}
