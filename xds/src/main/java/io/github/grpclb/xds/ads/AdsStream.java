package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A conversation over a gRPC stream. All is done on the loop's thread: a request is read when the one before was dealt with, and nothing
 * is written to a client that does not read; what it is to be told then waits as names, not as messages. Changes go out at most ten times
 * a second; what was asked for is answered at once.
 */
final class AdsStream<Q, R> implements StreamObserver<Q>, Conversation.Listener {

    /** The shortest time from one response with changes to the next. */
    static final Duration PACE = Duration.ofMillis(100);

    private static final Logger log = LoggerFactory.getLogger(AdsStream.class);

    private final ServerCallStreamObserver<R> responses;
    private final RegistryLoop loop;
    private final XdsObserver observer;
    private final Conversation<Q, R> conversation;
    private final Consumer<AdsStream<Q, R>> whenOver;

    private boolean over;
    private boolean armed;
    private long armedFor;
    private RegistryLoop.Timer turn = RegistryLoop.Timer.NONE;
    private boolean everPushed;
    private long pushedAt;

    /** When the first change came that the client was not told of, by type. */
    private final Map<ResourceType, Long> changedAt = new EnumMap<>(ResourceType.class);

    /** When the first change came of those in the response that the client has not answered. */
    private final Map<ResourceType, Long> awaitedSince = new EnumMap<>(ResourceType.class);

    AdsStream(
            ServerCallStreamObserver<R> responses,
            RegistryLoop loop,
            XdsObserver observer,
            Function<Conversation.Listener, Conversation<Q, R>> protocol,
            Consumer<AdsStream<Q, R>> whenOver) {
        this.responses = responses;
        this.loop = loop;
        this.observer = observer;
        this.conversation = protocol.apply(this);
        this.whenOver = whenOver;
    }

    /** Begins to listen; to be called while the call is being started. */
    void begin() {
        responses.disableAutoRequest();
        responses.setOnReadyHandler(() -> loop.execute(() -> orFail(this::speak)));
        responses.setOnCancelHandler(() -> loop.execute(this::end));
        responses.setOnCloseHandler(() -> loop.execute(this::end)); // also where gRPC ends it, for what it cannot read
        responses.request(1);
    }

    @Override
    public void onNext(@Nullable Q request) {
        loop.execute(() -> orFail(() -> hear(request)));
    }

    @Override
    public void onError(Throwable thrown) {
        loop.execute(this::end);
    }

    @Override
    public void onCompleted() {
        loop.execute(() -> {
            if (!over) {
                end();
                responses.onCompleted();
            }
        });
    }

    /** Returns who speaks. For the loop's thread. */
    Node node() {
        return conversation.node();
    }

    /** Returns what the client has. For the loop's thread. */
    ClientConfig clientStatus(boolean contents) {
        return conversation.status(contents);
    }

    /** Ends it with a status. For the loop's thread. */
    void fail(Status status) {
        if (!over) {
            end();
            responses.onError(status.asRuntimeException());
        }
    }

    /** A fault of ours is better seen by the client, which comes back, than to leave it without answers. */
    private void orFail(Runnable turn) {
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
            conversation.hear(request);
        } catch (StatusException e) {
            if (loop.logLimit().isNew(AdsStream.class, nodeId())) {
                log.warn(
                        "{}: stream ended: {}",
                        LogText.of(nodeId()),
                        e.getStatus().getDescription());
            }
            fail(e.getStatus());
            return;
        }
        speak();
        if (!over) {
            responses.request(1);
        }
    }

    private void speak() {
        boolean changesToo = isTimeForChanges() && conversation.hasChanges();
        for (ResourceType type : ResourceType.values()) {
            if (over || !responses.isReady()) {
                return;
            }
            R response = conversation.next(type, changesToo);
            if (response != null) {
                responses.onNext(response);
                observer.sent(type);
                if (changesToo) {
                    everPushed = true;
                    pushedAt = loop.now();
                }
            }
            if (changesToo) {
                awaitAnswerToChanges(type, response != null);
            }
        }
        if (!changesToo && conversation.hasChanges()) {
            inTime();
        }
    }

    private void awaitAnswerToChanges(ResourceType type, boolean sent) {
        Long since = conversation.hasChanges(type) ? null : changedAt.remove(type);
        if (sent && since != null) {
            awaitedSince.put(type, since);
        }
    }

    private boolean isTimeForChanges() {
        return !everPushed || loop.since(pushedAt).compareTo(PACE) >= 0;
    }

    @Override
    public void answerable() {
        soon(Duration.ZERO);
    }

    @Override
    public void changed(ResourceType type) {
        changedAt.putIfAbsent(type, loop.now());
        inTime();
    }

    private void inTime() {
        soon(isTimeForChanges() ? Duration.ZERO : PACE.minus(loop.since(pushedAt)));
    }

    /** Speaks after a time, or together with what is to be said before. */
    private void soon(Duration time) {
        long due = loop.now() + time.toNanos();
        if (over || (armed && armedFor <= due)) {
            return;
        }
        turn.cancel();
        armed = true;
        armedFor = due;
        turn = loop.after(time, () -> {
            armed = false;
            orFail(this::speak);
        });
    }

    @Override
    public void accepted(ResourceType type) {
        Long since = awaitedSince.remove(type);
        observer.accepted(type, since == null ? null : loop.since(since));
    }

    @Override
    public void rejected(ResourceType type, String reason) {
        awaitedSince.remove(type);
        observer.rejected(type, nodeId(), reason);
        if (loop.logLimit().isNew(type, nodeId() + reason)) {
            log.warn("{} rejects a resource of type {}: {}", LogText.of(nodeId()), type, reason);
        }
    }

    private String nodeId() {
        return conversation.node().getId();
    }

    private void end() {
        if (!over) {
            over = true;
            turn.cancel();
            conversation.close();
            whenOver.accept(this);
        }
    }
}
