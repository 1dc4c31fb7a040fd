package io.github.grpclb.xds.ads;

import io.github.grpclb.discovery.follow.RegistryLoop;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream of a client, whatever is said on it. All is done on the loop's thread, and a request is read when the one before was dealt
 * with. A request that cannot be taken ends the stream with a status that says why.
 *
 * @param <Q> what the client says
 * @param <R> what it is told
 */
abstract class PeerStream<Q, R> implements StreamObserver<Q> {

    private static final Logger log = LoggerFactory.getLogger(PeerStream.class);

    final ServerCallStreamObserver<R> responses;
    final RegistryLoop loop;
    private boolean over;

    PeerStream(ServerCallStreamObserver<R> responses, RegistryLoop loop) {
        this.responses = responses;
        this.loop = loop;
    }

    /**
     * Takes in what a client says, and asks for its next request once that may come.
     *
     * @throws StatusException if the stream has to end for it
     */
    abstract void take(Q request) throws StatusException;

    /** The client can be told more. */
    void ready() {}

    /** Returns who speaks, fit for a log line; empty while it has not said so. */
    abstract String speaker();

    /** It is over: lets go of all that was held for it. Called once. */
    abstract void ended();

    /** Begins to listen; to be called while the call is being started. */
    final void begin() {
        responses.disableAutoRequest();
        responses.setOnReadyHandler(() -> loop.execute(() -> orFail(this::ready)));
        responses.setOnCancelHandler(() -> loop.execute(this::end));
        responses.setOnCloseHandler(() -> loop.execute(this::end)); // also where gRPC ends it, for what it cannot read
        responses.request(1);
    }

    @Override
    public final void onNext(@Nullable Q request) {
        loop.execute(() -> orFail(() -> hear(request)));
    }

    @Override
    public final void onError(Throwable thrown) {
        loop.execute(this::end);
    }

    @Override
    public final void onCompleted() {
        loop.execute(() -> {
            if (!over) {
                end();
                responses.onCompleted();
            }
        });
    }

    final boolean isOver() {
        return over;
    }

    /** Ends it with a status. */
    final void fail(Status status) {
        if (!over) {
            try {
                end();
            } finally {
                responses.onError(status.asRuntimeException());
            }
        }
    }

    /** A fault of ours is better seen by the client, which comes back, than to leave it without answers. */
    final void orFail(Runnable turn) {
        try {
            turn.run();
        } catch (RuntimeException | Error e) {
            fail(Status.INTERNAL.withDescription("failed in the control plane; see its log"));
            throw e;
        }
    }

    private void hear(@Nullable Q request) {
        if (over) {
            return;
        }
        try {
            if (request == null) {
                throw Status.INVALID_ARGUMENT
                        .withDescription("a message that is no request of this protocol")
                        .asException();
            }
            take(request);
        } catch (StatusException e) {
            if (loop.logLimit().isNew(getClass(), speaker())) {
                log.warn("{}: stream ended: {}", speaker(), e.getStatus().getDescription());
            }
            fail(e.getStatus());
        }
    }

    private void end() {
        if (!over) {
            over = true;
            ended();
        }
    }
}
