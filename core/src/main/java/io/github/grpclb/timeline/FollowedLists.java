package io.github.grpclb.timeline;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.discovery.UnusedRecords.Unused;
import io.github.grpclb.timeline.Timeline.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tells a timeline how the lists of one service differ. Thread-safe. */
final class FollowedLists {

    /** How many servers are remembered that were deregistered and are still listed. */
    private static final int MOST_LEAVING = 1_000;

    private final Timeline timeline;

    /** By address, at which create revision it was deregistered. */
    private final Map<String, Long> leaving = new HashMap<>();

    private List<Endpoint> latest = List.of();
    private UnusedRecords unused = UnusedRecords.NONE;
    private boolean isFirst = true;

    /** How many follow it; the owner's. */
    int followers;

    FollowedLists(Timeline timeline) {
        this.timeline = timeline;
    }

    synchronized int size() {
        return latest.size();
    }

    /** An endpoint was deregistered on purpose, before or after it left the list. */
    synchronized void deregistered(Endpoint endpoint) {
        if (leaving.size() < MOST_LEAVING) {
            leaving.put(endpoint.address(), endpoint.createRevision());
        }
    }

    /** Takes the newest list, which several tell of. */
    synchronized void take(List<Endpoint> now) {
        List<Endpoint> before = latest;
        if (before == now) {
            return;
        }
        latest = now;
        Changes changes = new Changes();
        int inStep = 0;
        while (inStep < before.size() && inStep < now.size() && isSameAddress(before.get(inStep), now.get(inStep))) {
            changes.compare(before.get(inStep), now.get(inStep));
            inStep++;
        }
        Map<String, Endpoint> rest = new LinkedHashMap<>();
        before.subList(inStep, before.size()).forEach(each -> rest.put(each.address(), each));
        for (Endpoint endpoint : now.subList(inStep, now.size())) {
            Endpoint was = rest.remove(endpoint.address());
            if (was == null) {
                changes.joined.add(endpoint);
            } else {
                changes.compare(was, endpoint);
            }
        }
        changes.left.addAll(rest.values());
        changes.tell(isFirst);
        changes.left.forEach(each -> leaving.remove(each.address()));
        isFirst = false;
    }

    /** Takes which records are not used, which several tell of. */
    synchronized void unused(String service, UnusedRecords now) {
        Set<Unused> before = new LinkedHashSet<>(unused.some());
        Map<String, Unused> known = new HashMap<>();
        before.forEach(each -> known.put(each.key(), each));
        for (Unused each : now.some()) {
            known.remove(each.key());
            if (!before.contains(each)) {
                timeline.add(Kind.REFUSED, service, null, null, LogText.of(each.key()) + ": " + each.detail());
            }
        }
        // of more than are named one may be unused as before
        if (now.total() == now.some().size()) {
            known.keySet()
                    .forEach(key -> timeline.add(
                            Kind.REFUSED,
                            service,
                            null,
                            null,
                            LogText.of(key) + ": no longer: it can be used, or is gone"));
        }
        unused = now;
    }

    private static boolean isSameAddress(Endpoint one, Endpoint other) {
        return one == other || (one.port() == other.port() && one.host().equals(other.host()));
    }

    private final class Changes {

        private final List<Endpoint> joined = new ArrayList<>();
        private final List<Endpoint> restarted = new ArrayList<>();
        private final List<Endpoint> left = new ArrayList<>();
        private final List<Endpoint> draining = new ArrayList<>();
        private final List<Endpoint> staying = new ArrayList<>();
        private final List<Endpoint> weighted = new ArrayList<>();
        private final Map<String, Integer> weightBefore = new HashMap<>();

        void compare(Endpoint before, Endpoint now) {
            if (before == now) {
                return;
            }
            if (!before.identity().equals(now.identity())) {
                restarted.add(now);
                return;
            }
            if (state(before) != state(now)) {
                (state(now) == Endpoint.State.DRAINING ? draining : staying).add(now);
            }
            if (weight(before) != weight(now)) {
                weightBefore.put(now.address(), weight(before));
                weighted.add(now);
            }
        }

        /** What it was registered with: overrides have events of their own. */
        private static Endpoint.State state(Endpoint endpoint) {
            Endpoint.Overridden registered = endpoint.overridden();
            return registered == null ? endpoint.state() : registered.state();
        }

        private static int weight(Endpoint endpoint) {
            Endpoint.Overridden registered = endpoint.overridden();
            return registered == null ? endpoint.weight() : registered.weight();
        }

        void tell(boolean isFirstList) {
            timeline.add(Kind.LEFT, left, this::whyLeft);
            timeline.add(Kind.JOINED, restarted, each -> "another process in place of the one before");
            timeline.add(
                    Kind.JOINED, joined, each -> isFirstList ? "listed when this process first looked" : "registered");
            timeline.add(Kind.DRAINING, draining, each -> "its record says that it is about to leave");
            timeline.add(Kind.DRAINING, staying, each -> "no longer: its record says that it takes calls");
            timeline.add(
                    Kind.WEIGHT, weighted, each -> "from " + weightBefore.get(each.address()) + " to " + weight(each));
        }

        private String whyLeft(Endpoint server) {
            Long deregistered = leaving.get(server.address());
            if (deregistered != null && deregistered == server.createRevision()) {
                return "deregistered";
            }
            return server.state() == Endpoint.State.DRAINING
                    ? "left after it had drained"
                    : "its record is gone from the registry: deregistered, or its lease ran out";
        }
    }
}
