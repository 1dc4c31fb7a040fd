package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.Endpoint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is used of an EndpointSlice. Immutable.
 *
 * @param name unique in its namespace
 * @param addressType {@code IPv4}, {@code IPv6} or {@code FQDN}
 * @param ports of all its endpoints; empty where the Service names none
 * @param members the endpoints in the order of the slice
 */
record EndpointSlice(String name, String addressType, List<Port> ports, List<Member> members) {

    EndpointSlice {
        ports = List.copyOf(ports);
        members = List.copyOf(members);
    }

    /**
     * A port of all endpoints of a slice.
     *
     * @param name empty where it has none
     * @param isTcp whether gRPC can be there
     * @param number null where the slice leaves it to the reader
     */
    record Port(String name, boolean isTcp, @Nullable Integer number) {}

    /**
     * An endpoint.
     *
     * @param address of the slice's type; of several the first, as Kubernetes' own proxies take it
     * @param target what stands behind the address, as a text that no other has; null where the slice does not say
     * @param id the pod's name, or the host's; null where the slice does not say
     * @param node where it runs, or null
     * @param zone where that is, or null
     * @param ready whether it takes calls
     * @param serving whether it answers, though it may be about to leave
     * @param terminating whether it is about to leave
     */
    record Member(
            String address,
            @Nullable String target,
            @Nullable String id,
            @Nullable String node,
            @Nullable String zone,
            boolean ready,
            boolean serving,
            boolean terminating) {

        /** Returns whether it takes new calls; null where it takes none, and is to be in no list. */
        Endpoint.@Nullable State state() {
            if (terminating) { // and ready, where the Service publishes addresses that are not ready
                return ready || serving ? Endpoint.State.DRAINING : null;
            }
            return ready ? Endpoint.State.UP : null;
        }
    }
}
