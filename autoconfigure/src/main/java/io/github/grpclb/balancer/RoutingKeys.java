package io.github.grpclb.balancer;

import io.grpc.CallOptions;
import io.grpc.stub.AbstractStub;

/** What a call can say about where it wants to go. */
public final class RoutingKeys {

    /** The id of the server that the call is for. Goes before the header that the channel's configuration names. */
    public static final CallOptions.Key<String> SERVER_ID = CallOptions.Key.create("io.github.grpclb.server-id");

    private RoutingKeys() {}

    /**
     * Returns a stub whose calls go to one server.
     *
     * <pre>{@code
     * RoutingKeys.withServerId(stub, "b-7").say(request)
     * }</pre>
     *
     * @param stub of a channel with the load balancer {@code endpoint_lb}
     * @param serverId the server's id in the registry
     */
    public static <S extends AbstractStub<S>> S withServerId(S stub, String serverId) {
        return stub.withOption(SERVER_ID, serverId);
    }
}
