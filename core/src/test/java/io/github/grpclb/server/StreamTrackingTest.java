package io.github.grpclb.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.TestServer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@FaultRow(23)
class StreamTrackingTest {

    private final List<String> events = new ArrayList<>();
    private final OpenStreams streams = new OpenStreams();
    private final StreamTracking tracking = new StreamTracking(streams);
    private ServerCall<String, String> seen;

    @Test
    void endsAStreamAndDropsWhatItsServiceStillSays() {
        ServerCall.Listener<String> listener = started(MethodType.BIDI_STREAMING, "test.Chat/Chat");
        seen.sendHeaders(new Metadata());
        seen.sendMessage("1");
        assertThat(streams.closeAll()).isEqualTo(1);
        seen.sendHeaders(new Metadata());
        seen.sendMessage("2");
        seen.close(Status.OK, new Metadata());
        assertThat(seen.isCancelled()).isTrue();
        assertThat(seen.isReady()).isFalse();
        listener.onComplete();
        assertThat(events)
                .containsExactly("headers", "message 1", "close UNAVAILABLE server is draining", "service: cancelled");
    }

    @Test
    void leavesAStreamAloneThatItsServiceHasEnded() {
        ServerCall.Listener<String> listener = started(MethodType.SERVER_STREAMING, "test.Chat/Chat");
        seen.close(Status.OK, new Metadata());
        assertThat(streams.count()).as("its end is still on its way").isEqualTo(1);
        streams.closeAll();
        listener.onComplete();
        assertThat(events).containsExactly("close OK null", "service: complete");
    }

    @Test
    void forgetsAStreamWhoseClientHasGone() {
        ServerCall.Listener<String> listener = started(MethodType.CLIENT_STREAMING, "test.Chat/Chat");
        listener.onCancel();
        assertThat(streams.count()).isZero();
        assertThat(events).containsExactly("service: cancelled");
    }

    @Test
    void forgetsAStreamThatCouldNotBegin() {
        FakeCall call = new FakeCall(MethodType.BIDI_STREAMING, "test.Chat/Chat");
        assertThatIllegalStateException()
                .isThrownBy(() -> tracking.interceptCall(call, new Metadata(), (it, headers) -> {
                    throw new IllegalStateException("on purpose");
                }));
        assertThat(streams.count()).isZero();
    }

    @Test
    void passesUnaryCallsAndHealthWatchesUntouched() {
        started(MethodType.UNARY, "test.Chat/Ask");
        assertThat(seen).isInstanceOf(FakeCall.class);
        started(MethodType.SERVER_STREAMING, "grpc.health.v1.Health/Watch");
        assertThat(seen).isInstanceOf(FakeCall.class);
        assertThat(streams.closeAll()).isZero();
    }

    private ServerCall.Listener<String> started(MethodType type, String method) {
        return tracking.interceptCall(new FakeCall(type, method), new Metadata(), (call, headers) -> {
            seen = call;
            return new ServerCall.Listener<>() {
                @Override
                public void onComplete() {
                    events.add("service: complete");
                }

                @Override
                public void onCancel() {
                    events.add("service: cancelled");
                }
            };
        });
    }

    /** Allows what gRPC's own allows. */
    private final class FakeCall extends ServerCall<String, String> {

        private final MethodDescriptor<String, String> method;
        private boolean closed;

        FakeCall(MethodType type, String name) {
            method = TestServer.WHO.toBuilder()
                    .setType(type)
                    .setFullMethodName(name)
                    .build();
        }

        @Override
        public void request(int count) {}

        @Override
        public void sendHeaders(Metadata headers) {
            note("headers");
        }

        @Override
        public void sendMessage(String message) {
            note("message " + message);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            note("close " + status.getCode() + " " + status.getDescription());
            closed = true;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<String, String> getMethodDescriptor() {
            return method;
        }

        private void note(String event) {
            if (closed) {
                throw new IllegalStateException("call is closed");
            }
            events.add(event);
        }
    }
}
