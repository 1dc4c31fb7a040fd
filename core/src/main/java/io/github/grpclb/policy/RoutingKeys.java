package io.github.grpclb.policy;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.stub.AbstractStub;
import java.util.HashMap;
import java.util.Map;

/** What a call can say about where it wants to go. */
public final class RoutingKeys {

    /** The id of the server that the call is for. Goes before the header that the channel's configuration names. */
    public static final CallOptions.Key<String> SERVER_ID = CallOptions.Key.create("io.github.grpclb.server-id");

    /**
     * The values by metadata key that a server for the call must have. Each goes before the header of the tag rule for its key, and
     * has no effect where the channel's configuration has no such rule.
     */
    public static final CallOptions.Key<Map<String, String>> TAGS = CallOptions.Key.create("io.github.grpclb.tags");

    /** What a call is about, such as a user's id: under {@code consistent_hash}, calls with the same key go to the same server. */
    public static final CallOptions.Key<String> HASH_KEY = CallOptions.Key.create("io.github.grpclb.hash-key");

    /** The same for all calls within a {@link Context}, of the channels that {@link #hashKeyFromContext} is added to. */
    public static final Context.Key<String> HASH_CONTEXT = Context.key("io.github.grpclb.hash-key");

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
     * @param stub of a channel with the load balancer {@code endpoint_lb} and a tag rule for the key
     * @param key the metadata key, such as {@code version}
     * @param value the value that a server must have
     */
    public static <S extends AbstractStub<S>> S withTag(S stub, String key, String value) {
        Map<String, String> before = stub.getCallOptions().getOption(TAGS);
        Map<String, String> tags = new HashMap<>(before == null ? Map.of() : before);
        tags.put(key, value);
        return stub.withOption(TAGS, Map.copyOf(tags));
    }

    /**
     * Returns a stub whose calls have a hash key.
     *
     * @param stub of a channel with the load balancer {@code endpoint_lb}
     * @param key what the calls are about, not empty
     */
    public static <S extends AbstractStub<S>> S withHashKey(S stub, String key) {
        return stub.withOption(HASH_KEY, key);
    }

    /**
     * Returns an interceptor that gives a call the {@linkplain #HASH_CONTEXT hash key of its context} where it has none of its own.
     * A pick cannot look there itself: for a call that had to wait, it is done on another thread and outside the context.
     */
    public static ClientInterceptor hashKeyFromContext() {
        return new HashContextInterceptor();
    }

    /** Copies the hash key of the context into the call. */
    private static final class HashContextInterceptor implements ClientInterceptor {

        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            String key = HASH_CONTEXT.get();
            boolean wanted = key != null && options.getOption(HASH_KEY) == null;
            return next.newCall(method, wanted ? options.withOption(HASH_KEY, key) : options);
        }
    }
}
