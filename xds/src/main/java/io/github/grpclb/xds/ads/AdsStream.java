package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A conversation over a gRPC stream. Nothing is written to a client that does not read; what it is to be told then waits as names, not as
 * messages. Changes go out at most ten times a second; what was asked for is answered at once.
 */
final class AdsStream<Q, R> extends PeerStream<Q, R> implements Conversation.Listener {

    /** The shortest time from one response with changes to the next. */
    static final Duration PACE = Duration.ofMillis(100);

    private static final Logger log = LoggerFactory.getLogger(AdsStream.class);

    private final XdsObserver observer;
    private final Conversation<Q, R> conversation;
    private final Consumer<AdsStream<Q, R>> whenOver;

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
        super(responses, loop);
        this.observer = observer;
        this.conversation = protocol.apply(this);
        this.whenOver = whenOver;
    }

    /** Returns who speaks. For the loop's thread. */
    Node node() {
        return conversation.node();
    }

    /** Returns what the client has. For the loop's thread. */
    ClientConfig clientStatus(boolean contents) {
        return conversation.status(contents);
    }

    @Override
    void take(Q request) throws StatusException {
        conversation.hear(request);
        ready();
        if (!isOver()) {
            responses.request(1);
        }
    }

    @Override
    void ready() {
        boolean changesToo = isTimeForChanges() && conversation.hasChanges();
        for (ResourceType type : ResourceType.values()) {
            if (isOver() || !responses.isReady()) {
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
        if (isOver() || (armed && armedFor <= due)) {
            return;
        }
        turn.cancel();
        armed = true;
        armedFor = due;
        turn = loop.after(time, () -> {
            armed = false;
            orFail(this::ready);
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
            log.warn("{} rejects a resource of type {}: {}", speaker(), type, reason);
        }
    }

    private String nodeId() {
        return conversation.node().getId();
    }

    @Override
    String speaker() {
        return LogText.of(nodeId());
    }

    @Override
    void ended() {
        turn.cancel();
        try {
            conversation.close();
        } finally {
            whenOver.accept(this);
        }
    }
}
