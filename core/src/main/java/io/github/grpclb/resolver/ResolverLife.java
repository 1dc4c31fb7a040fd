package io.github.grpclb.resolver;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.UnusedRecords;

/**
 * Hears of the resolvers of one channel. gRPC makes a channel's first one with the channel, and when the channel goes idle it closes that
 * and makes the next, which starts with the next call: so a channel is there as long as it has one. Returns at once and throws nothing.
 */
@Internal
public interface ResolverLife {

    /** One was made, for a service. */
    void made(String service);

    /** One was started: there is a call. */
    void started();

    /** Records of the service are not used, or are again: all that are known of now. */
    void unused(UnusedRecords unused);

    /** One was closed. */
    void closed();
}
