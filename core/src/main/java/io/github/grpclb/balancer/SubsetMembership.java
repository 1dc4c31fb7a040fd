package io.github.grpclb.balancer;

/** What the endpoints of a channel that connects to a subset of them have in common. */
interface SubsetMembership {

    /** Returns where an address stands in the channel's order. */
    long rank(String address);

    /** Hears, in the synchronization context, of an endpoint that is asleep and that a call wants. */
    void wanted(EndpointChild child);
}
