package io.github.grpclb.policy;

import io.github.grpclb.discovery.IllegalValueException;
import java.util.Map;

/** Makes a policy from its options. */
@FunctionalInterface
public interface PolicyFactory {

    /**
     * Makes a new policy for one channel.
     *
     * @param options by name, in gRPC's JSON form; {@link ConfigFields} reads them, and refuses those that do not exist
     * @throws IllegalValueException if an option is out of its range, or there is none of its name
     */
    Policy create(Map<String, ?> options);
}
