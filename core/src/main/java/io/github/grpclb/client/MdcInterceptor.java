package io.github.grpclb.client;

import io.github.grpclb.balancer.connection.ChosenServer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Puts {@link ServerKeys} of a call's server on the log's MDC while the call's listener is called, from when the call has a server.
 * Afterwards the MDC is as it was. Thread-safe.
 */
public final class MdcInterceptor implements InnerInterceptor {

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        ChosenServer carried = ChosenServer.of(options);
        ChosenServer server = carried != null ? carried : new ChosenServer();
        return new SimpleForwardingClientCall<>(next.newCall(method, server.addTo(options))) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                super.start(new LoggedListener<>(listener, server), headers);
            }
        };
    }

    private static final class LoggedListener<R> extends ClientCall.Listener<R> {

        private final ClientCall.Listener<R> listener;
        private final ChosenServer server;

        LoggedListener(ClientCall.Listener<R> listener, ChosenServer server) {
            this.listener = listener;
            this.server = server;
        }

        @Override
        public void onHeaders(Metadata headers) {
            within(() -> listener.onHeaders(headers));
        }

        @Override
        public void onMessage(R message) {
            within(() -> listener.onMessage(message));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            within(() -> listener.onClose(status, trailers));
        }

        @Override
        public void onReady() {
            within(listener::onReady);
        }

        private void within(Runnable callback) {
            ChosenServer.Attempt attempt = server.attempt();
            if (attempt == null) {
                callback.run();
                return;
            }
            Map<String, @Nullable String> before = new HashMap<>();
            ServerKeys.tell(attempt, (key, value) -> {
                before.put(key, MDC.get(key));
                MDC.put(key, value);
            });
            try {
                callback.run();
            } finally {
                before.forEach((key, value) -> {
                    if (value == null) {
                        MDC.remove(key);
                    } else {
                        MDC.put(key, value);
                    }
                });
            }
        }
    }
}
