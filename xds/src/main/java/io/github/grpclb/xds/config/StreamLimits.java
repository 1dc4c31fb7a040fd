package io.github.grpclb.xds.config;

import io.github.grpclb.discovery.IllegalValueException;

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
}
