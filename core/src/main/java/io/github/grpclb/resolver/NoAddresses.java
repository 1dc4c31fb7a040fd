package io.github.grpclb.resolver;

import io.github.grpclb.discovery.UnusedRecords;
import io.grpc.EquivalentAddressGroup;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.util.List;

/** Why a channel has no addresses. */
final class NoAddresses {

    private NoAddresses() {}

    /** Returns what takes the place of addresses: calls to the target fail with it. */
    static StatusOr<List<EquivalentAddressGroup>> error(String target, String reason) {
        return StatusOr.fromStatus(Status.UNAVAILABLE.withDescription(target + ": " + reason));
    }

    /**
     * Returns what takes the place of addresses while calls wait for a first one again.
     *
     * @param none whether no endpoint is registered
     */
    static StatusOr<List<EquivalentAddressGroup>> awaited(String target, boolean none) {
        String message = target + (none ? ": no endpoint is registered yet" : ": endpoints are looked for again");
        return StatusOr.fromStatus(
                Status.UNAVAILABLE.withDescription(message).withCause(new EndpointAwaitedException(message, none)));
    }

    /** Returns what calls fail with where no endpoint is registered. */
    static Status noEndpoint(String target) {
        return noEndpoint(target, UnusedRecords.NONE);
    }

    /** The same where there are records, but none that can be used. */
    static Status noEndpoint(String target, UnusedRecords unused) {
        String message = target + ": no endpoint is registered"
                + (unused.total() == 0 ? "" : " that can be used: " + unused.describe());
        return Status.UNAVAILABLE.withDescription(message).withCause(new NoEndpointException(message));
    }
}
