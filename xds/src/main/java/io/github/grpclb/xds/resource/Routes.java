package io.github.grpclb.xds.resource;

import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.xds.config.BalancingPolicy;
import io.github.grpclb.xds.config.Retries;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.StreamLimits;
import io.grpc.Metadata;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Makes a service's routes of its rules for tags: one for each value that a call may name in a header, then one for calls that name
 * another, and at last the first rule with a split, or all servers. A header alone can name a value: call options do not leave a client.
 * A value that makes a longer cluster name than a client may ask for is none, and so is one that no call can name, and one beyond the
 * {@link ServiceResources#MOST_PARTS} of the service.
 */
final class Routes {

    /** Shares are written in thousandths of a per cent. */
    private static final int SHARES = 100_000;

    private final String service;
    private final ServiceSettings settings;
    private final List<Endpoint> endpoints;
    private final int parts;

    /** The values that have a cluster, by the keys of their tags. */
    private final Map<String, TreeSet<String>> values = new HashMap<>();

    Routes(String service, ServiceSettings settings, List<Endpoint> endpoints) {
        this.service = service;
        this.settings = settings;
        this.endpoints = endpoints;
        Map<ClusterName.Part, Integer> servers = countServers();
        this.parts = servers.size();
        servers.keySet().stream()
                // what registers itself must not push out what the split names
                .sorted(Comparator.comparing((ClusterName.Part part) -> !isInSplit(part))
                        .thenComparing(servers::get, Comparator.reverseOrder())
                        .thenComparing(ClusterName.Part::toString))
                .limit(ServiceResources.MOST_PARTS)
                .forEach(part -> values.computeIfAbsent(part.key(), first -> new TreeSet<>())
                        .addAll(part.values()));
    }

    /** Returns how many parts there are, with and without a cluster. */
    int parts() {
        return parts;
    }

    RouteConfiguration make() {
        List<Route> routes = new ArrayList<>();
        for (TagRule rule : settings.tags()) {
            if (rule.header() != null) {
                addNamed(rule, rule.header(), routes);
            }
        }
        routes.add(route(
                settings.tags().stream()
                        .filter(rule -> !rule.split().isEmpty())
                        .findFirst()
                        .map(this::split)
                        .orElseGet(() -> RouteAction.newBuilder().setCluster(service)),
                List.of()));
        RouteConfiguration.Builder configuration =
                RouteConfiguration.newBuilder().setName(service);
        configuration.addVirtualHostsBuilder().setName(service).addDomains("*").addAllRoutes(routes);
        return configuration.build();
    }

    /** Returns the clusters that the routes name, and at most two more for each rule. */
    Set<ClusterName> clusters() {
        Set<ClusterName> clusters = new LinkedHashSet<>();
        clusters.add(new ClusterName(service, null));
        for (TagRule rule : settings.tags()) {
            values(rule).forEach(value -> clusters.add(with(rule, value)));
            if (rule.header() != null && !rule.fallback()) {
                clusters.add(new ClusterName(service, ClusterName.Part.ofNobody(rule.key())));
            }
            if (!rule.split().isEmpty()) {
                clusters.add(new ClusterName(service, others(rule)));
            }
        }
        return clusters;
    }

    private void addNamed(TagRule rule, Metadata.Key<String> header, List<Route> routes) {
        HeaderMatcher.Builder matcher = HeaderMatcher.newBuilder().setName(header.name());
        for (String value : values(rule)) {
            // the older field, which clients over the C core 1.51 know, too
            HeaderMatcher exact = matcher.clone().setExactMatch(value).build();
            routes.add(
                    route(RouteAction.newBuilder().setCluster(with(rule, value).toString()), List.of(exact)));
        }
        if (!rule.fallback()) {
            // not by a non_forwarding_action, which Node's client does not know: it ends the process
            ClusterName nobody = new ClusterName(service, ClusterName.Part.ofNobody(rule.key()));
            HeaderMatcher any = matcher.clone().setPresentMatch(true).build();
            routes.add(route(RouteAction.newBuilder().setCluster(nobody.toString()), List.of(any)));
        }
    }

    private Map<ClusterName.Part, Integer> countServers() {
        Map<ClusterName.Part, Integer> servers = new HashMap<>();
        for (TagRule rule : settings.tags()) {
            for (Endpoint endpoint : endpoints) {
                String value = rule.valueOf(endpoint);
                if (value != null && !value.isBlank() && canBeAskedFor(with(rule, value))) {
                    servers.merge(part(rule, value), 1, Integer::sum);
                }
            }
        }
        return servers;
    }

    private boolean isInSplit(ClusterName.Part part) {
        TagRule rule = ClusterName.ruleOf(part, settings);
        return rule != null && rule.split().keySet().containsAll(part.values());
    }

    /** Returns the values that servers have now. */
    private Set<String> values(TagRule rule) {
        return values.getOrDefault(rule.key(), new TreeSet<>());
    }

    /** The share of a value that no server has, or that only disabled ones have, goes to the others, in proportion to theirs. */
    private RouteAction.Builder split(TagRule rule) {
        Set<String> values = values(rule);
        WeightedCluster.Builder shares = WeightedCluster.newBuilder();
        int rest = SHARES;
        for (Map.Entry<String, Double> each : new TreeMap<>(rule.split()).entrySet()) {
            int share = (int) Math.round(each.getValue() / 100 * SHARES);
            rest -= share;
            ClusterName.Part part = part(rule, each.getKey());
            if (share > 0 && values.contains(each.getKey()) && takesCalls(rule, part)) {
                addShare(shares, with(rule, each.getKey()), share);
            }
        }
        ClusterName.Part others = others(rule);
        if (rest > 0 && takesCalls(rule, others)) {
            ClusterName cluster = new ClusterName(service, others);
            addShare(shares, canBeAskedFor(cluster) ? cluster : new ClusterName(service, null), rest);
        }
        // left out, older clients over the C core take it for 100
        shares.setTotalWeight(UInt32Value.of(shares.getClustersList().stream()
                .mapToInt(each -> each.getWeight().getValue())
                .sum()));
        return shares.getClustersCount() == 0
                ? RouteAction.newBuilder().setCluster(service)
                : RouteAction.newBuilder().setWeightedClusters(shares);
    }

    private boolean takesCalls(TagRule rule, ClusterName.Part part) {
        return endpoints.stream().anyMatch(each -> each.state() != Endpoint.State.DISABLED && part.has(rule, each));
    }

    private static boolean canBeAskedFor(ClusterName cluster) {
        return cluster.toString().length() <= StreamLimits.DEFAULT.nameLength();
    }

    private static void addShare(WeightedCluster.Builder shares, ClusterName cluster, int share) {
        shares.addClustersBuilder().setName(cluster.toString()).setWeight(UInt32Value.of(share));
    }

    private ClusterName with(TagRule rule, String value) {
        return new ClusterName(service, part(rule, value));
    }

    private static ClusterName.Part part(TagRule rule, String value) {
        return new ClusterName.Part(rule.key(), false, List.of(value));
    }

    private static ClusterName.Part others(TagRule rule) {
        return new ClusterName.Part(rule.key(), true, List.copyOf(rule.split().keySet()));
    }

    private Route route(RouteAction.Builder action, List<HeaderMatcher> headers) {
        // 0 is no limit: a call's own deadline counts, and none where it has none
        action.getMaxStreamDurationBuilder()
                .setMaxStreamDuration(
                        settings.timeout() == null ? Duration.getDefaultInstance() : Durations.of(settings.timeout()));
        if (settings.policy() instanceof BalancingPolicy.RingHash ringHash) {
            action.addHashPolicyBuilder().getHeaderBuilder().setHeaderName(ringHash.header());
        }
        if (settings.retries() != null) {
            action.setRetryPolicy(retryPolicy(settings.retries()));
        }
        return Route.newBuilder().setMatch(match(headers)).setRoute(action).build();
    }

    private static RouteMatch match(List<HeaderMatcher> headers) {
        return RouteMatch.newBuilder().setPrefix("").addAllHeaders(headers).build();
    }

    private static RetryPolicy retryPolicy(Retries retries) {
        RetryPolicy.Builder policy = RetryPolicy.newBuilder()
                .setRetryOn(retries.codes().stream()
                        .map(code -> code.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                        .sorted()
                        .collect(Collectors.joining(",")))
                .setNumRetries(UInt32Value.of(retries.times()));
        policy.getRetryBackOffBuilder()
                .setBaseInterval(Durations.of(retries.firstPause()))
                .setMaxInterval(Durations.of(retries.longestPause()));
        return policy.build();
    }
}
