package io.github.grpclb.etcd.client;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/**
 * Says whether a call got onto the wire. Where a connection has as many streams as the server or a proxy allows
 * ({@code --max-concurrent-streams}), further ones wait in the client, and nothing else tells that from a server that does not answer.
 * Thread-safe.
 */
final class SentTracer extends ClientStreamTracer {

    private volatile boolean onConnection;
    private volatile boolean sent;

    /** Returns what makes this the tracer of one call. */
    ClientStreamTracer.Factory factory() {
        return new ClientStreamTracer.Factory() {
            @Override
            public ClientStreamTracer newClientStreamTracer(StreamInfo info, Metadata headers) {
                return SentTracer.this;
            }
        };
    }

    /** Says whether there is a connection which has not taken the call. */
    boolean isHeldBack() {
        return onConnection && !sent;
    }

    @Override
    public void streamCreated(Attributes transport, Metadata headers) {
        onConnection = true;
    }

    @Override
    public void outboundHeaders() {
        sent = true;
    }
}
