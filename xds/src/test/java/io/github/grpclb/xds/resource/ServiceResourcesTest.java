package io.github.grpclb.xds.resource;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.xds.config.ServiceSettings;
import io.grpc.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ServiceResourcesTest {

    private static final Metadata.Key<String> HEADER = Metadata.Key.of("x-version", Metadata.ASCII_STRING_MARSHALLER);

    @Test
    void saysWhereCallsAreReportedOnlyWhereThatIsWanted() throws InvalidProtocolBufferException {
        assertThat(cluster(false).hasLrsServer()).isFalse();
        assertThat(cluster(false).getLrsReportEndpointMetricsList()).isEmpty();
        Cluster reported = cluster(true);
        assertThat(reported.getLrsServer().hasSelf()).isTrue();
        assertThat(reported.getLrsReportEndpointMetricsList())
                .containsExactly("cpu_utilization", "mem_utilization", "application_utilization", "named_metrics.*");
    }

    /** Clients in Java such as 1.63 read it as a number with a sign: below 0 every call is one too many. */
    @Test
    void limitsNoCallsOfOlderClientsInJava() throws InvalidProtocolBufferException {
        assertThat(cluster(false)
                        .getCircuitBreakers()
                        .getThresholds(0)
                        .getMaxRequests()
                        .getValue())
                .isGreaterThan(1_000_000_000);
    }

    @Test
    void namesTheClustersThatRoutesName() throws InvalidProtocolBufferException {
        ServiceSettings settings = ServiceSettings.DEFAULT.withTags(List.of(
                new TagRule("version", HEADER, true, Map.of("v2", 20.0, "v9", 1.0)),
                new TagRule("zone", null, true, Map.of())));
        List<Endpoint> endpoints = List.of(server(1, "v1"), server(2, "v2"));
        Set<String> names = ServiceResources.clusterNames("greeter", settings, endpoints).stream()
                .map(ClusterName::toString)
                .collect(Collectors.toSet());
        assertThat(names)
                .containsExactlyInAnyOrder(
                        "greeter",
                        "greeter|version=v1",
                        "greeter|version=v2",
                        "greeter|version!v2,v9",
                        "greeter|zone=z1");
        assertThat(inRoutes(ServiceResources.routes("greeter", settings, endpoints)))
                .hasSize(3)
                .isSubsetOf(names);
    }

    /** Older clients over the C core know no string_match and want the sum of the weights; Node's ends at a non_forwarding_action. */
    @Test
    @SuppressWarnings("deprecation") // the older field
    void writesRoutesThatOlderClientsRead() throws InvalidProtocolBufferException {
        ServiceSettings settings =
                ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", HEADER, false, Map.of("v2", 20.0))));
        RouteConfiguration routes = ServiceResources.routes(
                        "greeter", settings, List.of(server(1, "v1"), server(2, "v2")))
                .body()
                .unpack(RouteConfiguration.class);
        List<Route> all = routes.getVirtualHosts(0).getRoutesList();
        assertThat(all).hasSize(4).allMatch(Route::hasRoute);
        assertThat(all.get(0).getMatch().getHeaders(0).getExactMatch()).isEqualTo("v1");
        assertThat(all.get(2).getMatch().getHeaders(0).getPresentMatch()).isTrue();
        assertThat(all.get(2).getRoute().getCluster()).isEqualTo("greeter|version=");
        assertThat(all.get(3).getRoute().getWeightedClusters().getTotalWeight().getValue())
                .isEqualTo(100_000);
    }

    @Test
    void hasNobodyWhereNobodyHasAValue() throws InvalidProtocolBufferException {
        ServiceSettings settings =
                ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", HEADER, false, Map.of())));
        ClusterName nobody = ClusterName.parse("greeter|version=", service -> settings);
        Resource resource =
                ServiceResources.endpoints(nobody, settings, List.of(server(1, "v1"), server(2, "v2")), null);
        assertThat(resource).isNotNull();
        assertThat(resource.body().unpack(ClusterLoadAssignment.class).getEndpointsList())
                .isEmpty();
        assertThat(ServiceResources.clusterNames("greeter", settings, List.of(server(1, "v1"))))
                .contains(nobody);
    }

    /** Such a name would end the stream of each client that asks for it, again and again; any server may register such a value. */
    @Test
    void makesNoClusterThatNoClientCanAskFor() throws InvalidProtocolBufferException {
        String longest = "x".repeat(512 - "greeter|version=".length());
        ServiceSettings settings = ServiceSettings.DEFAULT.withTags(
                List.of(new TagRule("version", HEADER, true, Map.of(longest + "x", 20.0, "v2", 1.0))));
        List<Endpoint> endpoints = List.of(
                server(1, longest),
                server(2, longest + "x"),
                server(3, "ü".repeat(100)),
                server(4, ""),
                server(5, "v2"));
        assertThat(inRoutes(ServiceResources.routes("greeter", settings, endpoints)))
                .containsExactlyInAnyOrder("greeter", "greeter|version=" + longest, "greeter|version=v2");
    }

    /** A client asks for the cluster and the endpoints of each part; past 1 000 names its stream ends, and again after each reconnect. */
    @Test
    void makesNoMorePartsThanClientsMayAskFor() throws InvalidProtocolBufferException {
        ServiceSettings settings = ServiceSettings.DEFAULT.withTags(List.of(
                new TagRule("pod", null, true, Map.of()), new TagRule("version", HEADER, true, Map.of("canary", 5.0))));
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            endpoints.add(server(i, i < 2 ? "v2" : i == 499 ? "canary" : "hostile-" + (1_000 - i)).toBuilder()
                    .metadata(Map.of("pod", "pod-" + (1_000 + i)))
                    .build());
        }
        assertThat(ServiceResources.parts("greeter", settings, endpoints)).isEqualTo(999);
        Set<String> names = ServiceResources.clusterNames("greeter", settings, endpoints).stream()
                .map(ClusterName::toString)
                .collect(Collectors.toSet());
        assertThat(names)
                .hasSize(1 + ServiceResources.MOST_PARTS + 1)
                .contains("greeter", "greeter|version=v2", "greeter|version=canary", "greeter|version!canary")
                .contains("greeter|pod=pod-1000", "greeter|pod=pod-1197")
                .doesNotContain("greeter|pod=pod-1198");
        Set<String> routed = inRoutes(ServiceResources.routes("greeter", settings, endpoints));
        assertThat(routed)
                .containsExactlyInAnyOrder("greeter|version=v2", "greeter|version=canary", "greeter|version!canary");
    }

    @Test
    void sendsCallsThatNameAValueBeyondThoseWhereAnUnknownOneGoes() throws InvalidProtocolBufferException {
        ServiceSettings settings =
                ServiceSettings.DEFAULT.withTags(List.of(new TagRule("version", HEADER, false, Map.of())));
        List<Endpoint> endpoints = IntStream.range(0, 201)
                .mapToObj(i -> server(i, "v" + (1_000 + i)))
                .toList();
        Set<String> routed = inRoutes(ServiceResources.routes("greeter", settings, endpoints));
        assertThat(routed)
                .hasSize(202)
                .contains("greeter", "greeter|version=", "greeter|version=v1199")
                .doesNotContain("greeter|version=v1200");
    }

    private static Cluster cluster(boolean loadReports) throws InvalidProtocolBufferException {
        return ServiceResources.cluster(new ClusterName("greeter", null), ServiceSettings.DEFAULT, loadReports)
                .body()
                .unpack(Cluster.class);
    }

    private static Set<String> inRoutes(Resource routes) throws InvalidProtocolBufferException {
        Set<String> names = new TreeSet<>();
        for (Route route : routes.body()
                .unpack(RouteConfiguration.class)
                .getVirtualHosts(0)
                .getRoutesList()) {
            RouteAction action = route.getRoute();
            if (action.hasCluster()) {
                names.add(action.getCluster());
            }
            for (WeightedCluster.ClusterWeight share :
                    action.getWeightedClusters().getClustersList()) {
                names.add(share.getName());
            }
        }
        return names;
    }

    private static Endpoint server(int number, String version) {
        return Endpoint.builder("greeter", "10.0.0.1", 80 + number)
                .version(version)
                .zone("z1")
                .build();
    }
}
