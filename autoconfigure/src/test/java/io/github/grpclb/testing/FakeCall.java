package io.github.grpclb.testing;

import io.github.grpclb.policy.RoutingKeys;
import io.grpc.CallOptions;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.Map;

/** A call as a picker sees it. */
public final class FakeCall extends PickSubchannelArgs {

    /** A call that says nothing about where it wants to go. */
    public static final FakeCall PLAIN = new FakeCall(CallOptions.DEFAULT, new Metadata());

    private final CallOptions options;
    private final Metadata headers;

    private FakeCall(CallOptions options, Metadata headers) {
        this.options = options;
        this.headers = headers;
    }

    public static FakeCall toServer(String id) {
        return new FakeCall(CallOptions.DEFAULT.withOption(RoutingKeys.SERVER_ID, id), new Metadata());
    }

    public static FakeCall tagged(Map<String, String> tags) {
        return new FakeCall(CallOptions.DEFAULT.withOption(RoutingKeys.TAGS, tags), new Metadata());
    }

    public static FakeCall withHashKey(String key) {
        return new FakeCall(CallOptions.DEFAULT.withOption(RoutingKeys.HASH_KEY, key), new Metadata());
    }

    public static FakeCall withHashKeyAndHeader(String key, String name, String value) {
        return new FakeCall(withHashKey(key).options, withHeader(name, value).headers);
    }

    public static FakeCall withHeader(String name, String value) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        return new FakeCall(CallOptions.DEFAULT, headers);
    }

    @Override
    public CallOptions getCallOptions() {
        return options;
    }

    @Override
    public Metadata getHeaders() {
        return headers;
    }

    @Override
    public MethodDescriptor<?, ?> getMethodDescriptor() {
        return TestServer.WHO;
    }
}
