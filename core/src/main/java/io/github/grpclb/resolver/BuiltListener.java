package io.github.grpclb.resolver;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.Internal;

/** Hears which service a channel is for when the channel is built, which is before anybody calls anything. Thread-safe. */
@Internal
@FunctionalInterface
public interface BuiltListener {

    /**
     * A channel was built, or went idle and is made ready for its next call. Returns at once and throws nothing.
     *
     * @param service the service that its target names
     * @param source where its endpoints come from
     */
    void built(String service, EndpointSource source);
}
