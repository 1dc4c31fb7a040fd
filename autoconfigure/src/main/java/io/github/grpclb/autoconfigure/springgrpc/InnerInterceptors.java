package io.github.grpclb.autoconfigure.springgrpc;

import io.github.grpclb.client.InnerInterceptor;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.MethodDescriptor;
import java.util.List;

/** The interceptors that belong beneath all others, as one; a host that sorts by annotations of beans would not see ours. Thread-safe. */
final class InnerInterceptors implements ClientInterceptor {

    private final List<InnerInterceptor> all;

    InnerInterceptors(List<InnerInterceptor> all) {
        this.all = List.copyOf(all);
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return switch (all.size()) {
            case 0 -> next.newCall(method, options);
            case 1 -> all.get(0).interceptCall(method, options, next);
            default -> ClientInterceptors.intercept(next, all).newCall(method, options);
        };
    }
}
