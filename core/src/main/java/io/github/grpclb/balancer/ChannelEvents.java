package io.github.grpclb.balancer;

import io.github.grpclb.balancer.connection.EndpointCandidate;
import io.github.grpclb.balancer.explain.Why;
import io.github.grpclb.balancer.pick.ChannelState;
import io.github.grpclb.balancer.pick.Ejection;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.timeline.Timeline;
import io.github.grpclb.timeline.Timeline.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells a timeline what became of a channel's servers from one picker to the next. Two lists are compared by position as long as they
 * hold the same servers there: mostly that is one pass over the same objects. Confined to the synchronization context.
 */
final class ChannelEvents {

    private final Timeline timeline;
    private final ChannelState state;
    private List<EndpointCandidate> known = List.of();
    private Map<Endpoint.Identity, Endpoint> suspected = Map.of();
    private Map<Endpoint.Identity, Ejection> ejected;
    private Map<String, String> panics;
    private @Nullable String policy;

    ChannelEvents(Timeline timeline, ChannelState state) {
        this.timeline = timeline;
        this.state = state;
        this.ejected = state.ejections();
        this.panics = state.panics();
    }

    /**
     * Takes what the newest picker was made of.
     *
     * @param now not empty
     */
    void published(String policyNow, List<EndpointCandidate> now) {
        String service = now.get(0).endpoint().service();
        if (policy != null && !policy.equals(policyNow)) {
            timeline.add(Kind.POLICY, service, null, null, "from " + policy + " to " + policyNow);
        }
        policy = policyNow;
        compareServers(now);
        compareEjections(now);
        comparePanics(service);
    }

    /** There is no server any more. */
    void noneLeft() {
        known = List.of();
        compareSuspects(Map.of());
    }

    private void compareServers(List<EndpointCandidate> now) {
        List<EndpointCandidate> before = known;
        known = now;
        List<Endpoint> connected = new ArrayList<>();
        List<Endpoint> suspects = new ArrayList<>();
        List<EndpointCandidate> lost = new ArrayList<>();
        Map<Endpoint.Identity, EndpointCandidate> elsewhere = null;
        Map<Endpoint.Identity, Endpoint> suspectedNow = new HashMap<>(0);
        for (int i = 0; i < now.size(); i++) {
            EndpointCandidate each = now.get(i);
            if (each.suspect()) {
                suspectedNow.put(each.load().identity(), each.endpoint());
            }
            EndpointCandidate was = i < before.size() ? before.get(i) : null;
            if (each == was) {
                continue;
            }
            if (was == null || was.load() != each.load()) {
                elsewhere = elsewhere != null ? elsewhere : byIdentity(before);
                was = elsewhere.get(each.load().identity());
            }
            boolean wasReady = was != null && was.isReady();
            if (each.isReady() && !wasReady) {
                connected.add(each.endpoint());
            } else if (!each.isReady() && (wasReady || (each.isFailing() && (was == null || !was.isFailing())))) {
                lost.add(each);
            }
            if (each.suspect() && (was == null || !was.suspect())) {
                suspects.add(each.endpoint());
            }
        }
        timeline.add(Kind.CONNECTED, connected, each -> "the connection is ready");
        Map<Endpoint, String> why = new HashMap<>();
        lost.forEach(each -> why.put(each.endpoint(), whyLost(each)));
        timeline.add(
                Kind.DISCONNECTED,
                lost.stream().map(EndpointCandidate::endpoint).toList(),
                each -> why.getOrDefault(each, ""));
        timeline.add(
                Kind.SUSPECT,
                suspects,
                each -> "vanished from the registry with many others; used while its connection holds");
        compareSuspects(suspectedNow);
    }

    /** One that is listed again is told of by the list. */
    private void compareSuspects(Map<Endpoint.Identity, Endpoint> now) {
        Map<Endpoint.Identity, Endpoint> before = suspected;
        suspected = now;
        if (before.isEmpty()) {
            return;
        }
        Set<Endpoint.Identity> used =
                known.stream().map(each -> each.load().identity()).collect(Collectors.toSet());
        timeline.add(
                Kind.LEFT,
                before.entrySet().stream()
                        .filter(each -> !used.contains(each.getKey()))
                        .map(Map.Entry::getValue)
                        .toList(),
                each ->
                        "given up: it vanished from the registry with many others, and its connection ended or stale-max is over");
    }

    private static String whyLost(EndpointCandidate server) {
        String failure = server.failure();
        if (failure != null) {
            return server.isUnhealthy() ? failure : "cannot be connected to: " + failure;
        }
        return server.isAsleep()
                ? "let go: no call went there, and the channel connects to others"
                : "the connection ended";
    }

    private void compareEjections(List<EndpointCandidate> now) {
        Map<Endpoint.Identity, Ejection> before = ejected;
        ejected = state.ejections();
        if (before == ejected || (before.isEmpty() && ejected.isEmpty())) {
            return;
        }
        for (EndpointCandidate each : now) {
            Endpoint.Identity identity = each.load().identity();
            Ejection ejection = ejected.get(identity);
            if (ejection != null && !before.containsKey(identity)) {
                timeline.add(
                        Kind.EJECTED,
                        each.endpoint(),
                        ejection.failures() + " of " + ejection.calls() + " calls failed in "
                                + Why.time(ejection.intervalNanos()) + "; left out for "
                                + Why.time(ejection.untilNanos()
                                        - timeline.nanoTime().getAsLong()));
            } else if (ejection == null && before.containsKey(identity)) {
                timeline.add(Kind.READMITTED, each.endpoint(), "its time is over");
            }
        }
    }

    private void comparePanics(String service) {
        Map<String, String> before = panics;
        panics = state.panics();
        if (before.isEmpty() && panics.isEmpty()) {
            return;
        }
        panics.forEach((pool, counts) -> {
            if (!before.containsKey(pool)) {
                timeline.add(
                        Kind.PANIC,
                        service,
                        null,
                        null,
                        prefix(pool) + counts + ": ejected ones, if any, are used as well");
            }
        });
        for (String pool : before.keySet()) {
            if (!panics.containsKey(pool)) {
                timeline.add(Kind.PANIC_OVER, service, null, null, prefix(pool) + "enough servers are usable");
            }
        }
    }

    private static String prefix(String pool) {
        return pool.isEmpty() ? "" : pool.substring(1) + ": ";
    }

    private static Map<Endpoint.Identity, EndpointCandidate> byIdentity(List<EndpointCandidate> candidates) {
        Map<Endpoint.Identity, EndpointCandidate> byIdentity = new HashMap<>();
        candidates.forEach(each -> byIdentity.put(each.load().identity(), each));
        return byIdentity;
    }
}
