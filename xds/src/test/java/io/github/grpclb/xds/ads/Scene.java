package io.github.grpclb.xds.ads;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.testing.FakeClock;
import io.github.grpclb.testing.FakeNameServer;
import io.github.grpclb.xds.FakeSource;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.stub.StreamObserver;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A control plane whose time passes when a test says so, and clients whose words a test chooses. */
final class Scene {

    static final Node NODE = Node.newBuilder()
            .setId("client-1")
            .setLocality(Locality.newBuilder().setZone("z1"))
            .build();

    final FakeClock clock = new FakeClock();
    final FakeSource source = new FakeSource();
    final List<String> rejections = new ArrayList<>();

    /** For how long changes had waited when they were accepted. */
    final List<Duration> accepted = new ArrayList<>();

    final FakeNameServer nameServer = new FakeNameServer();
    final Queue<Runnable> lookups = new ArrayDeque<>();
    final RegistryLoop loop = new RegistryLoop(clock, clock::nanoTime, new Random(1));
    final AggregatedDiscovery discovery;

    Scene() {
        this(XdsOptions.DEFAULT);
    }

    Scene(XdsOptions options) {
        discovery = new AggregatedDiscovery(
                source,
                options,
                new XdsObserver() {
                    @Override
                    public void rejected(ResourceType type, String node, String reason) {
                        rejections.add(node + " " + type + ": " + reason);
                    }

                    @Override
                    public void accepted(ResourceType type, @Nullable Duration sinceChange) {
                        if (sinceChange != null) {
                            accepted.add(sinceChange);
                        }
                    }
                },
                onAnswer -> new HostNames(nameServer::lookUp, lookups::add, onAnswer),
                loop);
    }

    /** Has the name server answer all that it was asked. */
    void answerLookups() {
        for (Runnable next = lookups.poll(); next != null; next = lookups.poll()) {
            next.run();
        }
        settle();
    }

    void pass(Duration time) {
        clock.forward(time);
    }

    /** Lets everything happen that is due. */
    void settle() {
        pass(Duration.ZERO);
    }

    /** Has six services whose endpoints together take more than 2 MiB; returns their names. */
    String[] listLargeServices() {
        String[] services = new String[6];
        for (int i = 0; i < services.length; i++) {
            services[i] = "large-" + i;
            List<Endpoint> endpoints = new ArrayList<>();
            for (int port = 1; port <= 10_000; port++) {
                endpoints.add(FakeSource.endpoint(services[i], port));
            }
            source.list(services[i], endpoints);
        }
        return services;
    }

    /** Returns the name of a resource of any type. */
    static String nameOf(Any resource) {
        try {
            if (resource.is(Cluster.class)) {
                return resource.unpack(Cluster.class).getName();
            }
            if (resource.is(Listener.class)) {
                return resource.unpack(Listener.class).getName();
            }
            if (resource.is(RouteConfiguration.class)) {
                return resource.unpack(RouteConfiguration.class).getName();
            }
            return resource.unpack(ClusterLoadAssignment.class).getClusterName();
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    WholeClient wholeClient() {
        return new WholeClient();
    }

    DeltaClient deltaClient() {
        return new DeltaClient();
    }

    /** One that speaks the state-of-the-world protocol. */
    final class WholeClient {

        final FakeResponses<DiscoveryResponse> responses = new FakeResponses<>();
        private final StreamObserver<DiscoveryRequest> requests = discovery.streamAggregatedResources(responses);

        /** Says what it wants first, or without having been answered. */
        void ask(ResourceType type, String... names) {
            say(request -> request.setTypeUrl(type.url()).addAllResourceNames(List.of(names)));
        }

        /** Accepts a response, and says what it wants from now on. */
        void accept(DiscoveryResponse response, String... names) {
            say(request -> request.setTypeUrl(response.getTypeUrl())
                    .setVersionInfo(response.getVersionInfo())
                    .setResponseNonce(response.getNonce())
                    .addAllResourceNames(List.of(names)));
        }

        void reject(DiscoveryResponse response, String version, String reason, String... names) {
            say(request -> {
                request.setTypeUrl(response.getTypeUrl())
                        .setVersionInfo(version)
                        .setResponseNonce(response.getNonce())
                        .addAllResourceNames(List.of(names));
                request.getErrorDetailBuilder().setMessage(reason);
            });
        }

        void say(Consumer<DiscoveryRequest.Builder> content) {
            DiscoveryRequest.Builder request = DiscoveryRequest.newBuilder().setNode(NODE);
            content.accept(request);
            requests.onNext(request.build());
            settle();
        }

        void end() {
            requests.onCompleted();
            settle();
        }

        /** Returns the one response that it got since it last looked. */
        DiscoveryResponse read() {
            settle();
            List<DiscoveryResponse> all = responses.take();
            if (all.size() != 1) {
                throw new AssertionError("one response expected: " + all);
            }
            return all.get(0);
        }

        List<DiscoveryResponse> readAll() {
            settle();
            return responses.take();
        }
    }

    /** One that speaks the incremental protocol. */
    final class DeltaClient {

        final FakeResponses<DeltaDiscoveryResponse> responses = new FakeResponses<>();
        private final StreamObserver<DeltaDiscoveryRequest> requests = discovery.deltaAggregatedResources(responses);

        void subscribe(ResourceType type, String... names) {
            say(request -> request.setTypeUrl(type.url()).addAllResourceNamesSubscribe(List.of(names)));
        }

        void unsubscribe(ResourceType type, String... names) {
            say(request -> request.setTypeUrl(type.url()).addAllResourceNamesUnsubscribe(List.of(names)));
        }

        void accept(DeltaDiscoveryResponse response) {
            say(request -> request.setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce()));
        }

        void reject(DeltaDiscoveryResponse response, String reason) {
            say(request -> {
                request.setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce());
                request.getErrorDetailBuilder().setMessage(reason);
            });
        }

        void say(Consumer<DeltaDiscoveryRequest.Builder> content) {
            DeltaDiscoveryRequest.Builder request =
                    DeltaDiscoveryRequest.newBuilder().setNode(NODE);
            content.accept(request);
            requests.onNext(request.build());
            settle();
        }

        DeltaDiscoveryResponse read() {
            settle();
            List<DeltaDiscoveryResponse> all = responses.take();
            if (all.size() != 1) {
                throw new AssertionError("one response expected: " + all);
            }
            return all.get(0);
        }

        List<DeltaDiscoveryResponse> readAll() {
            settle();
            return responses.take();
        }
    }
}
