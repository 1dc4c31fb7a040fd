package io.github.grpclb.resolver;

import io.grpc.EquivalentAddressGroup;
import io.grpc.Status;
import java.util.List;

/**
 * What a list of endpoints no longer holds, and what a balancer is to do with a connection that it has to such an endpoint. No new
 * connection is ever made for one. It travels beside the addresses, so that whoever draws a subset of these draws from the
 * endpoints that are registered. Immutable.
 *
 * @param suspects vanished together with many others: to be used while their connection is ready
 * @param missing vanished by themselves so far: not to be used; the connection is to be kept while it is ready, since they
 *     may yet turn out to be suspects
 * @param all whether the registry lists no endpoint at all: the addresses are the suspects' then
 * @param none what calls are to fail with once no endpoint is left; they wait where its cause is an
 *     {@link EndpointAwaitedException}
 */
public record Unlisted(
        List<EquivalentAddressGroup> suspects, List<EquivalentAddressGroup> missing, boolean all, Status none) {

    public Unlisted {
        suspects = List.copyOf(suspects);
        missing = List.copyOf(missing);
    }

    /** Returns the same, but that calls wait for a first endpoint once none is left. */
    Unlisted awaited(String target) {
        return new Unlisted(
                suspects, missing, all, NoAddresses.awaited(target, true).getStatus());
    }
}
