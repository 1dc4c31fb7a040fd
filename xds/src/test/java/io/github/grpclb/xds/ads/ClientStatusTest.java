package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static io.github.grpclb.xds.resource.ResourceType.CLUSTER;
import static io.github.grpclb.xds.resource.ResourceType.ENDPOINTS;
import static io.github.grpclb.xds.resource.ResourceType.LISTENER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientConfig.GenericXdsConfig;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClientStatusTest {

    private final Scene scene = new Scene();
    private final Scene.WholeClient client = scene.wholeClient();
    private final ClientStatus status = new ClientStatus(scene.discovery);

    @Test
    void saysWhatEachClientHas() {
        scene.source.list("a", endpoint("a", 1));
        scene.source.list("gone");
        client.ask(LISTENER, "a");
        DiscoveryResponse listener = client.read();
        client.accept(listener, "a");
        client.ask(CLUSTER, "a");
        client.reject(client.read(), "", "no such policy", "a");
        client.ask(ENDPOINTS, "a", "gone", "silent");
        List<ClientConfig> clients = fetch(ClientStatusRequest.getDefaultInstance());
        assertThat(clients).hasSize(1);
        assertThat(clients.get(0).getNode().getId()).isEqualTo("client-1");
        assertThat(clients.get(0).getGenericXdsConfigsList())
                .extracting(ClientStatusTest::shown)
                .containsExactly(
                        "Cluster a NACKED no such policy",
                        "ClusterLoadAssignment a REQUESTED ",
                        "ClusterLoadAssignment gone DOES_NOT_EXIST ",
                        "ClusterLoadAssignment silent REQUESTED ",
                        "Listener a ACKED ");
        GenericXdsConfig last = clients.get(0).getGenericXdsConfigs(4);
        assertThat(last.getXdsConfig()).isEqualTo(listener.getResources(0));
        assertThat(last.getVersionInfo()).isNotEmpty();
    }

    @Test
    void forgetsARejectionOnceAChangeIsAccepted() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        client.reject(client.read(), "", "no", "a");
        scene.source.list("a", endpoint("a", 1), endpoint("a", 2));
        scene.pass(Duration.ofMillis(100));
        client.accept(client.read(), "a");
        assertThat(fetch(ClientStatusRequest.getDefaultInstance()).get(0).getGenericXdsConfigsList())
                .extracting(ClientStatusTest::shown)
                .containsExactly("ClusterLoadAssignment a ACKED ");
    }

    @Test
    void leavesContentsOutWhereTheyAreNotWanted() {
        scene.source.list("a", endpoint("a", 1));
        client.ask(LISTENER, "a");
        client.accept(client.read(), "a");
        List<ClientConfig> clients = fetch(ClientStatusRequest.newBuilder()
                .setExcludeResourceContents(true)
                .build());
        assertThat(clients.get(0).getGenericXdsConfigs(0).hasXdsConfig()).isFalse();
    }

    /** A tool takes no message of more than 4 MiB; and what a thousand clients have is more than a control plane can send. */
    @Test
    void leavesContentsOutWhereTheyAreTooMuch() {
        String[] services = scene.listLargeServices();
        for (Scene.WholeClient each : List.of(client, scene.wholeClient())) {
            each.ask(ENDPOINTS, services);
            for (List<DiscoveryResponse> next = each.readAll(); !next.isEmpty(); next = each.readAll()) {
                each.accept(next.get(0), services);
            }
        }
        List<ClientConfig> clients = fetch(ClientStatusRequest.getDefaultInstance());
        assertThat(clients.get(0).getGenericXdsConfigsList())
                .hasSize(6)
                .allMatch(each -> each.getClientStatus() == ClientResourceStatus.ACKED && !each.hasXdsConfig());
    }

    @Test
    void refusesToTellOfTooManyClientsAtOnce() {
        String[] names = IntStream.range(0, 1_000)
                .mapToObj(number -> "x".repeat(500) + number)
                .toArray(String[]::new);
        for (int i = 0; i < 8; i++) {
            scene.wholeClient().ask(ENDPOINTS, names);
        }
        FakeResponses<ClientStatusResponse> responses = new FakeResponses<>();
        status.fetchClientStatus(ClientStatusRequest.getDefaultInstance(), responses);
        scene.settle();
        assertThat(Objects.requireNonNull(responses.status()).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(responses.status().getDescription()).contains("node_matchers");
    }

    /** The control plane keeps it as long as the stream is open. */
    @Test
    void keepsNoMoreOfANodeThanItMayCost() {
        Struct metadata = Struct.newBuilder()
                .putFields(
                        "x",
                        Value.newBuilder().setStringValue("x".repeat(20_000)).build())
                .build();
        client.say(request -> request.setTypeUrl(LISTENER.url())
                .addResourceNames("a")
                .getNodeBuilder()
                .setMetadata(metadata));
        Node node = fetch(ClientStatusRequest.getDefaultInstance()).get(0).getNode();
        assertThat(node).isEqualTo(Scene.NODE);
        Scene.WholeClient other = scene.wholeClient();
        other.say(request -> request.setTypeUrl(LISTENER.url())
                .addResourceNames("a")
                .getNodeBuilder()
                .setId("x".repeat(20_000)));
        assertThat(Objects.requireNonNull(other.responses.status()).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void findsNodesByTheirId() {
        client.ask(LISTENER, "a");
        ClientStatusRequest.Builder exact = ClientStatusRequest.newBuilder();
        exact.addNodeMatchersBuilder().getNodeIdBuilder().setExact("client-1");
        assertThat(fetch(exact.build())).hasSize(1);
        ClientStatusRequest.Builder prefix = ClientStatusRequest.newBuilder();
        prefix.addNodeMatchersBuilder().getNodeIdBuilder().setPrefix("CLIENT").setIgnoreCase(true);
        assertThat(fetch(prefix.build())).hasSize(1);
        ClientStatusRequest.Builder other = ClientStatusRequest.newBuilder();
        other.addNodeMatchersBuilder().getNodeIdBuilder().setExact("client-2");
        assertThat(fetch(other.build())).isEmpty();
    }

    @Test
    void refusesMatchersThatItDoesNotUnderstand() {
        ClientStatusRequest.Builder pattern = ClientStatusRequest.newBuilder();
        pattern.addNodeMatchersBuilder()
                .getNodeIdBuilder()
                .getSafeRegexBuilder()
                .setRegex(".*");
        FakeResponses<ClientStatusResponse> responses = new FakeResponses<>();
        status.fetchClientStatus(pattern.build(), responses);
        assertThat(Objects.requireNonNull(responses.status()).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    private List<ClientConfig> fetch(ClientStatusRequest request) {
        FakeResponses<ClientStatusResponse> responses = new FakeResponses<>();
        status.fetchClientStatus(request, responses);
        scene.settle();
        assertThat(responses.completed()).isTrue();
        return responses.take().get(0).getConfigList();
    }

    private static String shown(GenericXdsConfig config) {
        String type = config.getTypeUrl();
        return type.substring(type.lastIndexOf('.') + 1) + " " + config.getName() + " " + config.getClientStatus() + " "
                + config.getErrorState().getDetails();
    }
}
