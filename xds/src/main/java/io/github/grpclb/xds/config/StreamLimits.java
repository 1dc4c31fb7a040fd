package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import io.grpc.Status;
import io.grpc.StatusException;

/**
 * Who may open a stream and what it may ask for, so that none harms the others. A stream that asks for more ends. Immutable.
 *
 * @param subscriptions how many names of all types together, from 1
 * @param nameLength how many characters a name may have, from 1
 * @param nodes which clients may
 */
public record StreamLimits(int subscriptions, int nameLength, AllowedNodes nodes) {

    /** A thousand names of 512 characters, for everyone. */
    public static final StreamLimits DEFAULT = new StreamLimits(1_000, 512, AllowedNodes.ALL);

    public StreamLimits {
        if (subscriptions < 1) {
            throw new IllegalValueException("subscriptions", subscriptions, "at least 1");
        }
        if (nameLength < 1) {
            throw new IllegalValueException("nameLength", nameLength, "at least 1");
        }
    }

    /**
     * Checks the length of a name.
     *
     * @param what it is the name of
     * @throws StatusException if it is too long, for the stream to end with
     */
    public void requireLength(String what, String name) throws StatusException {
        if (name.length() > nameLength) {
            throw Status.INVALID_ARGUMENT
                    .withDescription(what + " has " + name.length() + " characters (expected: at most " + nameLength
                            + "): " + LogText.of(name))
                    .asException();
        }
    }
}
