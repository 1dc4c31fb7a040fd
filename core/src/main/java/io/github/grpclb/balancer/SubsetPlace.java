package io.github.grpclb.balancer;

/**
 * How an endpoint stands to a channel that connects to a subset of the servers only. Immutable, but for the child.
 *
 * @param child the endpoint's connection; only {@link EndpointChild#use()} may be called outside the synchronization context
 * @param rank where it stands in the channel's own order of all endpoints, by which members are drawn
 * @param member whether it is to be connected whatever calls there are
 * @param asleep whether there is no connection; a call that picks it has one made
 * @param coming whether a first connection is under way or would be made for a call
 */
record SubsetPlace(EndpointChild child, long rank, boolean member, boolean asleep, boolean coming) {}
