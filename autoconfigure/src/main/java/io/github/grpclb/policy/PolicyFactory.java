package io.github.grpclb.policy;

import io.github.grpclb.discovery.IllegalValueException;
import java.util.Map;

/** Makes a policy from its options. */
@FunctionalInterface
public interface PolicyFactory {

    /**
     * Makes a new policy for one channel.
     *
     * @param options by name, in gRPC's JSON form; names that it does not know are ignored
     * @throws IllegalValueException if an option is out of its range
     */
    Policy create(Map<String, ?> options);
}
