package io.github.grpclb.bench;

import io.github.grpclb.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** The calls of some users, for those that hash. */
final class Keys {

    /** How many users there are; a power of two. */
    static final int COUNT = 256;

    private Keys() {}

    /** Returns the key of a user. */
    static String key(int user) {
        return "user-" + user * 7919;
    }

    /** Returns a user for each turn. */
    static int user(int turn) {
        return turn & COUNT - 1;
    }

    /** Returns a call of each user. */
    static PickSubchannelArgs[] calls(IntFunction<CallOptions> optionsOf) {
        return IntStream.range(0, COUNT)
                .mapToObj(user -> new Call(optionsOf.apply(user)))
                .toArray(PickSubchannelArgs[]::new);
    }

    private static final class Call extends PickSubchannelArgs {

        private final CallOptions options;
        private final Metadata headers = new Metadata();

        Call(CallOptions options) {
            this.options = options;
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
}
