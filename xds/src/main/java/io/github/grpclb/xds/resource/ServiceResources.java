package io.github.grpclb.xds.resource;

import com.google.protobuf.Any;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.SelfConfigSource;
import io.envoyproxy.envoy.config.listener.v3.ApiListener;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.xds.config.ServiceSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a service's resources: a listener for API clients and the routes that it names, both of which have the service's name, the clusters
 * that these name, and the endpoints of each of them.
 */
@Internal
public final class ServiceResources {

    /**
     * More than any client has: left out, gRPC's clients would take 1 024. The largest that is not negative as an int, as which older
     * clients in Java read it.
     */
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    /**
     * Into how many parts rules for tags divide a service at most. A client asks for two resources of each, and by default a stream may ask
     * for 1 000: so it can follow two such services.
     */
    public static final int MOST_PARTS = 200;

    private static final ConfigSource FROM_HERE = ConfigSource.newBuilder()
            .setAds(AggregatedConfigSource.getDefaultInstance())
            .setResourceApiVersion(ApiVersion.V3)
            .build();

    /** What servers report of themselves with their answers; left out, clients would pass on nothing of it (gRFC A85). */
    private static final List<String> REPORTED_METRICS =
            List.of("cpu_utilization", "mem_utilization", "application_utilization", "named_metrics.*");

    private ServiceResources() {}

    /** Returns the listener: what a client asks for that dials {@code xds:///service}. */
    public static Resource listener(String service) {
        HttpConnectionManager.Builder manager = HttpConnectionManager.newBuilder();
        manager.getRdsBuilder().setRouteConfigName(service).setConfigSource(FROM_HERE);
        manager.addHttpFiltersBuilder().setName("router").setTypedConfig(Any.pack(Router.getDefaultInstance()));
        Listener listener = Listener.newBuilder()
                .setName(service)
                .setApiListener(ApiListener.newBuilder().setApiListener(Any.pack(manager.build())))
                .build();
        return Resource.of(ResourceType.LISTENER, service, listener);
    }

    /**
     * Returns the routes.
     *
     * @param endpoints whose tags calls choose among
     */
    public static Resource routes(String service, ServiceSettings settings, List<Endpoint> endpoints) {
        return Resource.of(ResourceType.ROUTES, service, new Routes(service, settings, endpoints).make());
    }

    /**
     * Returns how many parts the endpoints have; {@link #MOST_PARTS} of them get a cluster. Those that a split names come first, then
     * those with the most servers, then by name.
     *
     * @param endpoints whose tags calls choose among
     */
    public static int parts(String service, ServiceSettings settings, List<Endpoint> endpoints) {
        return new Routes(service, settings, endpoints).parts();
    }

    /**
     * Returns the clusters that routes of these endpoints name, and no more than one further for each rule.
     *
     * @param endpoints whose tags calls choose among
     */
    public static Set<ClusterName> clusterNames(String service, ServiceSettings settings, List<Endpoint> endpoints) {
        return new Routes(service, settings, endpoints).clusters();
    }

    /**
     * Returns a cluster: how a server is chosen.
     *
     * @param loadReports whether clients are to report their calls to whoever told them of it
     */
    public static Resource cluster(ClusterName name, ServiceSettings settings, boolean loadReports) {
        Cluster.Builder cluster = Cluster.newBuilder().setName(name.toString()).setType(Cluster.DiscoveryType.EDS);
        cluster.getEdsClusterConfigBuilder().setServiceName(name.toString()).setEdsConfig(FROM_HERE);
        cluster.getCircuitBreakersBuilder()
                .addThresholdsBuilder()
                .setMaxRequests(UInt32Value.of(settings.maxRequests() == null ? NO_LIMIT : settings.maxRequests()));
        PolicyConfigs.write(settings.policy(), cluster);
        if (settings.outlierDetection() != null) {
            cluster.setOutlierDetection(OutlierConfigs.of(settings.outlierDetection()));
        }
        if (loadReports) {
            cluster.setLrsServer(ConfigSource.newBuilder()
                            .setSelf(SelfConfigSource.getDefaultInstance())
                            .setResourceApiVersion(ApiVersion.V3))
                    .addAllLrsReportEndpointMetrics(REPORTED_METRICS);
        }
        return Resource.of(ResourceType.CLUSTER, name.toString(), cluster.build());
    }

    /**
     * Returns the endpoints of a cluster; null where there are none. Of a part whose rule has calls fall back, the service's other servers
     * follow, for when none of the part can be reached.
     *
     * @param endpoints all of the service's whose host is an IP literal; xDS knows no others
     * @param zone the client's, or null where it names none
     */
    public static @Nullable Resource endpoints(
            ClusterName name, ServiceSettings settings, List<Endpoint> endpoints, @Nullable String zone) {
        List<Endpoint> members = endpoints;
        List<Endpoint> others = List.of();
        if (name.part() != null) {
            TagRule rule = ClusterName.ruleOf(name.part(), settings);
            if (rule == null) {
                return null;
            }
            members = new ArrayList<>();
            others = new ArrayList<>();
            for (Endpoint endpoint : endpoints) {
                (name.part().has(rule, endpoint) ? members : others).add(endpoint);
            }
            if (!rule.fallback()) {
                others = List.of();
            }
        }
        boolean isEmpty = name.part() != null && name.part().isOfNobody();
        if (members.isEmpty() && others.isEmpty() && !isEmpty) {
            return null;
        }
        return Resource.of(
                ResourceType.ENDPOINTS,
                name.toString(),
                Assignment.of(
                        name.toString(),
                        members,
                        others,
                        settings.writtenWeights(),
                        settings.preferZone() ? zone : null));
    }
}
