package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ReportableNames;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The aggregated discovery service: all types of resources on one stream. Thread-safe. */
@Internal
public final class AggregatedDiscovery implements BindableService, AggregatedDiscoveryServiceGrpc.AsyncService {

    private final FollowedServices services;
    private final XdsOptions options;
    private final XdsObserver observer;
    private final RegistryLoop loop;
    private final OpenStreams<AdsStream<?, ?>> streams;

    /**
     * Creates it.
     *
     * @param hostNames makes what looks up a service's host names, told whom to call when there are answers
     */
    public AggregatedDiscovery(
            EndpointSource source,
            XdsOptions options,
            XdsObserver observer,
            Function<Runnable, HostNames> hostNames,
            RegistryLoop loop) {
        this.services = new FollowedServices(source, options, hostNames, loop);
        this.options = options;
        this.observer = observer;
        this.loop = loop;
        this.streams = new OpenStreams<>(options.streams(), loop, observer);
    }

    @Override
    public ServerServiceDefinition bindService() {
        return UnreadableRequests.asNull(AggregatedDiscoveryServiceGrpc.bindService(this));
    }

    @Override
    public StreamObserver<DiscoveryRequest> streamAggregatedResources(StreamObserver<DiscoveryResponse> responses) {
        return open(responses, listener -> new StateOfTheWorld(services, options.limits(), listener));
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
            StreamObserver<DeltaDiscoveryResponse> responses) {
        return open(responses, listener -> new Delta(services, options.limits(), listener));
    }

    /** Returns how many streams are open. */
    public int openStreams() {
        return streams.count();
    }

    /**
     * Returns by which names clients may report their calls to a service; null where nobody follows it, or reports are not wanted. For
     * the loop's thread.
     */
    @Nullable
    ReportableNames reportableNames(String service) {
        return services.reportableNames(service);
    }

    /**
     * Tells what each client has.
     *
     * @param wanted of which nodes it is to be told
     * @param contents whether the resources themselves are in there
     * @param receiver is called on the loop's thread
     */
    public void clientStatus(Predicate<Node> wanted, boolean contents, Consumer<List<ClientConfig>> receiver) {
        loop.execute(() -> receiver.accept(streams.all().stream()
                .filter(stream -> wanted.test(stream.node()))
                .map(stream -> stream.clientStatus(contents))
                .toList()));
    }

    /** Ends all streams: clients keep what they have and ask the next control plane, or this one when it is back. */
    public void close() {
        loop.execute(() -> {
            streams.close();
            services.close();
        });
    }

    private <Q, R> StreamObserver<Q> open(
            StreamObserver<R> responses, Function<Conversation.Listener, Conversation<Q, R>> protocol) {
        AdsStream<Q, R> stream =
                new AdsStream<>((ServerCallStreamObserver<R>) responses, loop, observer, protocol, streams::ended);
        streams.open(stream);
        return stream;
    }
}
