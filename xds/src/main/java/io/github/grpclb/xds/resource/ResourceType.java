package io.github.grpclb.xds.resource;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The types of resources there are, in the order in which changes of several go out: nothing is named before it is there. */
public enum ResourceType {
    CLUSTER(Cluster.getDescriptor().getFullName(), true),
    ENDPOINTS(ClusterLoadAssignment.getDescriptor().getFullName(), false),
    LISTENER(Listener.getDescriptor().getFullName(), true),
    ROUTES(RouteConfiguration.getDescriptor().getFullName(), false);

    private static final Map<String, ResourceType> BY_URL =
            Arrays.stream(values()).collect(Collectors.toMap(ResourceType::url, Function.identity()));

    private final String url;
    private final boolean whole;

    ResourceType(String message, boolean whole) {
        this.url = "type.googleapis.com/" + message;
        this.whole = whole;
    }

    /** Returns the type of that URL, or null where it is none of these. */
    public static @Nullable ResourceType of(String url) {
        return BY_URL.get(url);
    }

    /** Returns the URL that requests and responses name it by. */
    public String url() {
        return url;
    }

    /**
     * Says whether a response of the state-of-the-world protocol holds all resources that a client asked for, so that one which is
     * missing there does not exist; else it may hold those alone that changed. Only of such a type can a client ask for all there are.
     */
    public boolean isWhole() {
        return whole;
    }
}
