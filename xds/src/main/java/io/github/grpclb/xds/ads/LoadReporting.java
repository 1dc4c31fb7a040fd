package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.xds.config.AllowedNodes;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ClusterLoad;
import io.github.grpclb.xds.load.LoadSums;
import io.github.grpclb.xds.load.ReportReader;
import io.github.grpclb.xds.resource.Durations;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;

/**
 * The load reporting service: what clients say of the calls that they made. Reports are taken on the loop's thread, as all else is: that
 * thread knows which services there are, and since a client reports seldom, and is not read more often, they take little of its time.
 * It has as many streams of its own as discovery may have, so that reports keep no client from being told of servers. Thread-safe.
 */
@Internal
public final class LoadReporting implements BindableService, LoadReportingServiceGrpc.AsyncService {

    private final Duration interval;
    private final LoadStatsResponse wanted;
    private final XdsObserver observer;
    private final RegistryLoop loop;
    private final AllowedNodes nodes;
    private final ReportReader reader;
    private final LoadSums sums;
    private final OpenStreams<LoadStream> streams;

    /**
     * Creates the service.
     *
     * @param interval at which clients are told to report
     */
    public LoadReporting(
            AggregatedDiscovery discovery,
            XdsOptions options,
            Duration interval,
            XdsObserver observer,
            RegistryLoop loop) {
        this.interval = interval;
        this.wanted = LoadStatsResponse.newBuilder()
                .setSendAllClusters(true)
                .setLoadReportingInterval(Durations.of(interval))
                .build();
        this.observer = observer;
        this.loop = loop;
        this.nodes = options.limits().nodes();
        this.reader = new ReportReader(options, discovery::reportableNames);
        this.sums = new LoadSums(interval, loop);
        this.streams = new OpenStreams<>(options.streams(), loop, observer);
    }

    @Override
    public ServerServiceDefinition bindService() {
        return UnreadableRequests.asNull(LoadReportingServiceGrpc.bindService(this));
    }

    @Override
    public StreamObserver<LoadStatsRequest> streamLoadStats(StreamObserver<LoadStatsResponse> responses) {
        LoadStream stream = new LoadStream(
                (ServerCallStreamObserver<LoadStatsResponse>) responses,
                loop,
                nodes,
                wanted,
                interval,
                this::take,
                streams::ended);
        streams.open(stream);
        return stream;
    }

    private void take(LoadStatsRequest request) throws StatusException {
        ReportReader.Report report = reader.read(request);
        for (ClusterLoad load : report.loads()) {
            sums.add(load);
            observer.reported(load);
        }
        if (report.unknown() > 0) {
            observer.reportedUnknown(report.unknown());
        }
    }

    /** Returns the sums of all clients, for each cluster, of the last interval that is over. */
    public List<ClusterLoad> loads() {
        return sums.last();
    }

    /** Returns how many streams are open. */
    public int openStreams() {
        return streams.count();
    }

    /** Ends all streams. */
    public void close() {
        loop.execute(() -> {
            streams.close();
            sums.close();
        });
    }
}
