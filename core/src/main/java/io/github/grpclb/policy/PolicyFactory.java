package io.github.grpclb.policy;

import io.github.grpclb.discovery.IllegalValueException;

/**
 * Makes a policy for each channel, from options. A bean of this type is to be used where a {@link Policy} bean will not do: where
 * channels are not to share one object, or where there is something to configure.
 *
 * <pre>{@code
 * final class NearestFactory implements PolicyFactory {
 *     public String name() {
 *         return "nearest";
 *     }
 *
 *     public Policy create(ConfigFields options) {
 *         return new Nearest(options.requiredText("zone", "a zone"), options.whole("maxInFlight", 100, 1, 10_000));
 *     }
 * }
 * }</pre>
 *
 * Its options are then {@code grpc.lb.policy-options.nearest.zone} and {@code .max-in-flight}, for all clients, or the same below {@code
 * grpc.lb.clients.<name>}; and {@code zone} and {@code maxInFlight} in the JSON of a service config.
 *
 * <p>Thread-safe: the channels of an application are made at the same time.
 */
public interface PolicyFactory {

    /** Returns the name by which the policy is configured, in lower case with underscores; constant, and the policy's own. */
    String name();

    /**
     * Makes a new policy. Called for each channel that uses the policy, and there for each part of the servers that tags or zones make;
     * and when the application starts, to check the options. An option that this does not ask for is refused, so all must be asked for
     * on every path.
     *
     * @param options reads them, and refuses what is out of range
     * @throws IllegalValueException if an option is not what it must be
     */
    Policy create(ConfigFields options);
}
