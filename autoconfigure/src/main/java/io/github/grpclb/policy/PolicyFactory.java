package io.github.grpclb.policy;

import java.util.Map;

/** Makes a policy from its options. */
@FunctionalInterface
public interface PolicyFactory {

    /**
     * Makes a new policy for one channel.
     *
     * @param options by name, in gRPC's JSON form; names that it does not know are ignored
     * @throws IllegalArgumentException if an option is out of its range; the message names it, its value and the expectation
     */
    Policy create(Map<String, ?> options);
}
