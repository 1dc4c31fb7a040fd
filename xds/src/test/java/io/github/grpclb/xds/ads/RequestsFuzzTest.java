package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusResponse;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.xds.config.AllowedNodes;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;

/** Whatever a peer says: its stream goes on, or ends with a status that says why; others are told of changes, and nothing is left of it. */
@AddLifecycleHook(FuzzRun.class)
class RequestsFuzzTest {

    private static final XdsOptions OPTIONS = new XdsOptions(
            service -> ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", null, true, Map.of("v2", 5.0)))),
            Duration.ofMinutes(30),
            10,
            new StreamLimits(8, 40, AllowedNodes.ALL),
            null);

    @Provide
    Arbitrary<List<DiscoveryRequest>> wholeRequests() {
        return Hostile.inputs(hostile -> hostile.list(6, () -> wholeRequest(hostile)));
    }

    @Property
    void harmsNobodyByRequestsForTheStateOfTheWorld(@ForAll("wholeRequests") List<DiscoveryRequest> requests) {
        harmsNobody(AggregatedDiscovery::streamAggregatedResources, requests);
    }

    @Provide
    Arbitrary<List<DeltaDiscoveryRequest>> deltaRequests() {
        return Hostile.inputs(hostile -> hostile.list(6, () -> deltaRequest(hostile)));
    }

    @Property
    void harmsNobodyByIncrementalRequests(@ForAll("deltaRequests") List<DeltaDiscoveryRequest> requests) {
        harmsNobody(AggregatedDiscovery::deltaAggregatedResources, requests);
    }

    @Test
    void takesTheFixedSeed() {
        Hostile.replay(
                hostile -> hostile.list(6, () -> wholeRequest(hostile)),
                300,
                this::harmsNobodyByRequestsForTheStateOfTheWorld);
        Hostile.replay(
                hostile -> hostile.list(6, () -> deltaRequest(hostile)), 300, this::harmsNobodyByIncrementalRequests);
    }

    private static <Q, R> void harmsNobody(
            BiFunction<AggregatedDiscovery, StreamObserver<R>, StreamObserver<Q>> protocol, List<Q> requests) {
        Scene scene = new Scene(OPTIONS);
        Scene.WholeClient good = goodClient(scene);
        FakeResponses<R> responses = new FakeResponses<>();
        StreamObserver<Q> peer = protocol.apply(scene.discovery, responses);
        for (Q request : requests) {
            peer.onNext(request);
            scene.pass(Duration.ofMillis(50));
        }
        requireNoHarm(scene, good, responses);
        peer.onCompleted();
        requireNothingLeft(scene, good);
    }

    private static Scene.WholeClient goodClient(Scene scene) {
        scene.source.list("greeter", endpoint("greeter", 1), endpoint("greeter", 2));
        Scene.WholeClient good = scene.wholeClient();
        good.ask(ResourceType.ENDPOINTS, "greeter");
        good.accept(good.read(), "greeter");
        return good;
    }

    private static void requireNoHarm(Scene scene, Scene.WholeClient good, FakeResponses<?> responses) {
        scene.source.list(
                "greeter", endpoint("greeter", 1).toBuilder().weight(2).build(), endpoint("greeter", 2));
        scene.pass(Duration.ofMillis(200));
        assertThat(good.read().getResourcesCount()).isOne();
        Status status = responses.status();
        if (status != null) {
            assertThat(status.getCode()).isIn(Status.Code.INVALID_ARGUMENT, Status.Code.RESOURCE_EXHAUSTED);
            assertThat(status.getDescription()).doesNotContain("\n").hasSizeLessThan(400);
        }
        FakeResponses<ClientStatusResponse> clients = new FakeResponses<>();
        new ClientStatus(scene.discovery).fetchClientStatus(ClientStatusRequest.getDefaultInstance(), clients);
        scene.settle();
        assertThat(clients.take()).hasSize(1);
    }

    private static void requireNothingLeft(Scene scene, Scene.WholeClient good) {
        scene.settle();
        assertThat(scene.source.followed()).isOne();
        good.end();
        assertThat(scene.source.followed()).isZero();
        assertThat(scene.discovery.openStreams()).isZero();
    }

    private static DiscoveryRequest wholeRequest(Hostile hostile) {
        DiscoveryRequest.Builder request = DiscoveryRequest.newBuilder()
                .setTypeUrl(type(hostile))
                .setResponseNonce(hostile.of("", "1", "2", "3", hostile.number()))
                .setVersionInfo(hostile.text())
                .addAllResourceNames(hostile.list(4, () -> name(hostile)));
        request.getNodeBuilder().setId(hostile.text()).getLocalityBuilder().setZone(hostile.text());
        if (hostile.oneIn(3)) {
            request.getErrorDetailBuilder().setMessage(hostile.text());
        }
        return request.build();
    }

    private static DeltaDiscoveryRequest deltaRequest(Hostile hostile) {
        DeltaDiscoveryRequest.Builder request = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(type(hostile))
                .setResponseNonce(hostile.of("", "1", "2", "3", hostile.number()))
                .addAllResourceNamesSubscribe(hostile.list(4, () -> name(hostile)))
                .addAllResourceNamesUnsubscribe(hostile.list(2, () -> name(hostile)));
        hostile.list(3, () -> name(hostile)).forEach(name -> request.putInitialResourceVersions(name, hostile.text()));
        if (hostile.oneIn(3)) {
            request.getErrorDetailBuilder().setMessage(hostile.text());
        }
        return request.build();
    }

    private static String type(Hostile hostile) {
        return hostile.oneIn(20)
                ? hostile.text()
                : hostile.of(ResourceType.values()).url();
    }

    private static String name(Hostile hostile) {
        return hostile.of("greeter", "*", "greeter|version=v2", "other", "greeter|version!v2", hostile.text());
    }
}
