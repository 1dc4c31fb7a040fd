package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Internal;

/**
 * How an endpoint stands to a channel that connects to a subset of the servers only. Immutable, but for the use.
 *
 * @param use whether calls went there lately; also tells one endpoint of the channel from another
 * @param rank where it stands in the channel's own order of all endpoints, by which members are drawn
 * @param member whether it is to be connected whatever calls there are
 * @param asleep whether there is no connection; a call that picks it has one made
 * @param coming whether a first connection is under way or would be made for a call
 */
@Internal
public record SubsetPlace(ConnectionUse use, long rank, boolean member, boolean asleep, boolean coming) {}
