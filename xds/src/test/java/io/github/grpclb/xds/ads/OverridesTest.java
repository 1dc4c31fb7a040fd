package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.FakeSource.endpoint;
import static io.github.grpclb.xds.resource.ResourceType.CLUSTER;
import static io.github.grpclb.xds.resource.ResourceType.ENDPOINTS;
import static io.github.grpclb.xds.resource.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.BalancingOverride.Split;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.XdsOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What xDS clients are told of overrides. */
@ExtendWith(CapturedLog.Extension.class)
class OverridesTest {

    private static final BalancingOverride LEAST_REQUEST =
            new BalancingOverride("least_request", null, List.of("policy least_request by ann"));

    private final Scene scene = new Scene(XdsOptions.DEFAULT.withService(
            "tagged",
            ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", null, false, Map.of("v2", 5.0))))));
    private final Scene.WholeClient client = scene.wholeClient();

    @Test
    void bringAnotherPolicyToClustersThenEndpointsAndThenRoutesAndTakeItBack() throws InvalidProtocolBufferException {
        scene.source.list("a", endpoint("a", 1));
        ask(CLUSTER, "a");
        ask(ENDPOINTS, "a");
        ask(ROUTES, "a");
        scene.source.list("a", LEAST_REQUEST, endpoint("a", 1));
        scene.pass(Duration.ofMillis(100));
        List<DiscoveryResponse> told = client.readAll();
        assertThat(told)
                .extracting(DiscoveryResponse::getTypeUrl)
                .as("weights are elsewhere, and the routes are the same")
                .containsExactly(CLUSTER.url(), ENDPOINTS.url());
        assertThat(policies(told.get(0))).contains("LeastRequest");
        told.forEach(each -> client.accept(each, "a"));
        scene.source.list("a", endpoint("a", 1));
        scene.pass(Duration.ofMillis(100));
        assertThat(policies(client.readAll().get(0))).doesNotContain("LeastRequest");
    }

    @Test
    void saysNothingWhereNothingElseHolds() {
        scene.source.list("a", endpoint("a", 1));
        ask(CLUSTER, "a");
        scene.source.list("a", new BalancingOverride("round_robin", null, List.of("policy by ann")), endpoint("a", 1));
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.readAll()).isEmpty();
    }

    @Test
    void saysOnceWhatXdsClientsAreNotToldOf(CapturedLog log) {
        BalancingOverride override = new BalancingOverride(
                "peak_ewma", new Split("version", Map.of("v2", 5.0)), List.of("policy peak_ewma by ann"));
        scene.source.list("a", endpoint("a", 1));
        ask(CLUSTER, "a");
        for (int port = 1; port <= 3; port++) {
            scene.source.list("a", override, endpoint("a", port));
            scene.pass(Duration.ofMillis(100));
        }
        assertThat(client.readAll()).isEmpty();
        assertThat(log.toString().lines())
                .filteredOn(line -> line.contains("overridden"))
                .hasSize(2)
                .anyMatch(line -> line.contains("a: xDS clients are not told of the policy that is overridden")
                        && line.contains("'peak_ewma' (expected: round_robin, least_request, ")
                        && line.contains("policy peak_ewma by ann"))
                .anyMatch(line -> line.contains("there is no rule for the tag 'version'"));
    }

    @Test
    void bringAnotherSplitToRoutes() throws InvalidProtocolBufferException {
        Endpoint[] servers = {version(1, "v1"), version(2, "v2")};
        scene.source.list("tagged", servers);
        ask(ROUTES, "tagged");
        scene.source.list(
                "tagged",
                new BalancingOverride(null, new Split("version", Map.of("v2", 40.0)), List.of("split by ann")),
                servers);
        scene.pass(Duration.ofMillis(100));
        assertThat(shares(client.read())).containsExactly("tagged|version=v2 40000", "tagged|version!v2 60000");
    }

    @Test
    void leaveADisabledServersShareOfASplitToTheOthers() throws InvalidProtocolBufferException {
        scene.source.list("tagged", version(1, "v1"), version(2, "v2"));
        assertThat(shares(ask(ROUTES, "tagged"))).containsExactly("tagged|version=v2 5000", "tagged|version!v2 95000");
        scene.source.list("tagged", version(1, "v1"), disabled(version(2, "v2")));
        scene.pass(Duration.ofMillis(100));
        DiscoveryResponse without = client.read();
        assertThat(shares(without)).containsExactly("tagged|version!v2 95000");
        client.accept(without, "tagged");
        scene.source.list("tagged", disabled(version(1, "v1")), disabled(version(2, "v2")));
        scene.pass(Duration.ofMillis(100));
        assertThat(action(client.read()).getCluster()).isEqualTo("tagged");
    }

    @Test
    void haveDisabledServersToldAsDraining() throws InvalidProtocolBufferException {
        scene.source.list("a", endpoint("a", 1), disabled(endpoint("a", 2)));
        ClusterLoadAssignment assignment = ask(ENDPOINTS, "a").getResources(0).unpack(ClusterLoadAssignment.class);
        assertThat(assignment.getEndpointsList())
                .flatExtracting(locality -> locality.getLbEndpointsList().stream()
                        .map(each -> each.getHealthStatus())
                        .toList())
                .containsExactly(HealthStatus.HEALTHY, HealthStatus.DRAINING);
    }

    /** Asks, and accepts the answer. */
    private DiscoveryResponse ask(io.github.grpclb.xds.resource.ResourceType type, String name) {
        client.ask(type, name);
        DiscoveryResponse response = client.read();
        client.accept(response, name);
        return response;
    }

    private static String policies(DiscoveryResponse response) throws InvalidProtocolBufferException {
        return response.getResources(0)
                .unpack(Cluster.class)
                .getLoadBalancingPolicy()
                .toString();
    }

    private static List<String> shares(DiscoveryResponse response) throws InvalidProtocolBufferException {
        return action(response).getWeightedClusters().getClustersList().stream()
                .map(OverridesTest::share)
                .toList();
    }

    private static String share(WeightedCluster.ClusterWeight each) {
        return each.getName() + " " + each.getWeight().getValue();
    }

    private static RouteAction action(DiscoveryResponse response) throws InvalidProtocolBufferException {
        RouteConfiguration routes = response.getResources(0).unpack(RouteConfiguration.class);
        return routes.getVirtualHosts(0).getRoutes(0).getRoute();
    }

    private static Endpoint version(int port, String version) {
        return endpoint("tagged", port).toBuilder().version(version).build();
    }

    private static Endpoint disabled(Endpoint endpoint) {
        return endpoint.toBuilder()
                .state(Endpoint.State.DISABLED)
                .overridden(new Endpoint.Overridden(1, Endpoint.State.UP, List.of("disabled by ann")))
                .build();
    }
}
