package io.github.grpclb.test;

import io.grpc.CallOptions;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.InputStream;

/**
 * A call as a policy sees it: its options and headers. It is never made, and so has no message. Immutable.
 *
 * <pre>{@code
 * TestCall.PLAIN.with(RoutingKeys.HASH_KEY, "user-7").withHeader("x-tenant", "acme")
 * }</pre>
 */
public final class TestCall extends PickSubchannelArgs {

    /** A call of the method {@code test.Service/Call}, with no options and no headers. */
    public static final TestCall PLAIN = new TestCall(
            CallOptions.DEFAULT,
            new Metadata(),
            MethodDescriptor.newBuilder(new NoMessage(), new NoMessage())
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("test.Service/Call")
                    .build());

    private final CallOptions options;
    private final Metadata headers;
    private final MethodDescriptor<?, ?> method;

    private TestCall(CallOptions options, Metadata headers, MethodDescriptor<?, ?> method) {
        this.options = options;
        this.headers = headers;
        this.method = method;
    }

    /** Returns this call with an option, such as those of {@link io.github.grpclb.policy.RoutingKeys}. */
    public <T> TestCall with(CallOptions.Key<T> key, T value) {
        return new TestCall(options.withOption(key, value), headers, method);
    }

    /** Returns this call with one more header, whose name does not end in {@code -bin}. */
    public TestCall withHeader(String name, String value) {
        Metadata more = getHeaders();
        more.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        return new TestCall(options, more, method);
    }

    /** Returns this call as one of another method. */
    public TestCall ofMethod(MethodDescriptor<?, ?> other) {
        return new TestCall(options, headers, other);
    }

    @Override
    public CallOptions getCallOptions() {
        return options;
    }

    /** Returns a copy. */
    @Override
    public Metadata getHeaders() {
        Metadata copy = new Metadata();
        copy.merge(headers);
        return copy;
    }

    @Override
    public MethodDescriptor<?, ?> getMethodDescriptor() {
        return method;
    }

    private static final class NoMessage implements MethodDescriptor.Marshaller<Void> {

        @Override
        public InputStream stream(Void message) {
            return InputStream.nullInputStream();
        }

        @Override
        public Void parse(InputStream stream) {
            throw new UnsupportedOperationException("no message is ever read");
        }
    }
}
