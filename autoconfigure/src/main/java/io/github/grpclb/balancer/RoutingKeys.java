package io.github.grpclb.balancer;

import io.grpc.CallOptions;
import io.grpc.stub.AbstractStub;
import java.util.HashMap;
import java.util.Map;

/** What a call can say about where it wants to go. */
public final class RoutingKeys {

    /** The id of the server that the call is for. Goes before the header that the channel's configuration names. */
    public static final CallOptions.Key<String> SERVER_ID = CallOptions.Key.create("io.github.grpclb.server-id");

    /**
     * The values by metadata key that a server for the call must have. Each goes before the header of the {@link TagRule} for its
     * key, without which it has no effect.
     */
    public static final CallOptions.Key<Map<String, String>> TAGS = CallOptions.Key.create("io.github.grpclb.tags");

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

    /**
     * Returns a stub whose calls go to servers that have a value.
     *
     * <pre>{@code
     * RoutingKeys.withTag(stub, "version", "v2").say(request)
     * }</pre>
     *
     * @param stub of a channel with the load balancer {@code endpoint_lb} and a {@link TagRule} for the key
     * @param key the metadata key, such as {@code version}
     * @param value the value that a server must have
     */
    public static <S extends AbstractStub<S>> S withTag(S stub, String key, String value) {
        Map<String, String> before = stub.getCallOptions().getOption(TAGS);
        Map<String, String> tags = new HashMap<>(before == null ? Map.of() : before);
        tags.put(key, value);
        return stub.withOption(TAGS, Map.copyOf(tags));
    }
}
