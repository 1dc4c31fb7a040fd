package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.xds.config.AllowedNodes;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client's load reports. It is told once what to report, and how often. A report is read half an interval after the one before at the
 * earliest, so that a client which sends more of them than it was asked for waits, and takes no time from the others.
 */
final class LoadStream extends PeerStream<LoadStatsRequest, LoadStatsResponse> {

    private final AllowedNodes nodes;
    private final LoadStatsResponse wanted;
    private final Duration pace;
    private final Receiver receiver;
    private final Consumer<LoadStream> whenOver;
    private @Nullable String speaker;
    private RegistryLoop.Timer nextRead = RegistryLoop.Timer.NONE;

    /** Takes in reports. */
    interface Receiver {

        /**
         * Takes a report.
         *
         * @throws StatusException if the client's stream has to end for it
         */
        void take(LoadStatsRequest report) throws StatusException;
    }

    /**
     * Creates a stream.
     *
     * @param nodes which clients are heard
     * @param wanted what the client is told
     * @param interval at which it is told to report
     */
    LoadStream(
            ServerCallStreamObserver<LoadStatsResponse> responses,
            RegistryLoop loop,
            AllowedNodes nodes,
            LoadStatsResponse wanted,
            Duration interval,
            Receiver receiver,
            Consumer<LoadStream> whenOver) {
        super(responses, loop);
        this.nodes = nodes;
        this.wanted = wanted;
        this.pace = interval.dividedBy(2);
        this.receiver = receiver;
        this.whenOver = whenOver;
    }

    @Override
    void take(LoadStatsRequest request) throws StatusException {
        boolean first = speaker == null;
        if (first) {
            speaker = LogText.of(request.getNode().getId());
            nodes.require(request.getNode().getId());
        }
        receiver.take(request);
        if (first) {
            responses.onNext(wanted);
        }
        nextRead = loop.after(pace, () -> responses.request(1));
    }

    @Override
    String speaker() {
        return speaker == null ? "" : speaker;
    }

    @Override
    void ended() {
        nextRead.cancel();
        whenOver.accept(this);
    }
}
