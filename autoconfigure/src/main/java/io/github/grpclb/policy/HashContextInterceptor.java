package io.github.grpclb.policy;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;

/** Copies the hash key of the context into the call. */
final class HashContextInterceptor implements ClientInterceptor {

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        String key = RoutingKeys.HASH_CONTEXT.get();
        boolean wanted = key != null && options.getOption(RoutingKeys.HASH_KEY) == null;
        return next.newCall(method, wanted ? options.withOption(RoutingKeys.HASH_KEY, key) : options);
    }
}
