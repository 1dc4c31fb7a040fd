package io.github.grpclb.timeline;

import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.UnusedRecords;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells a {@link Timeline} what another source's lists say: once for each service, however many channels follow it. A list costs one
 * comparison with the one before, for the first channel that hears of it. What changed while nobody followed a service is told when
 * somebody does again. Thread-safe.
 */
public final class TimelineSource implements EndpointSource {

    /** How many endpoints of services that nobody follows are remembered. */
    private static final int REMEMBERED = 10_000;

    private final EndpointSource source;
    private final Timeline timeline;
    private final Map<String, FollowedLists> followed = new HashMap<>();
    private final Map<String, FollowedLists> left = new LinkedHashMap<>();
    private final Set<String> away = new HashSet<>();

    /**
     * Creates a source.
     *
     * @param source where the lists come from; closed with this
     * @param timeline is told
     */
    public TimelineSource(EndpointSource source, Timeline timeline) {
        this.source = source;
        this.timeline = timeline;
    }

    @Override
    public String scheme() {
        return source.scheme();
    }

    @Override
    public AddressRules addressRules() {
        return source.addressRules();
    }

    @Override
    public Subscription subscribe(String service, EndpointListener listener) {
        Listening listening = new Listening(service, listener, follow(service));
        try {
            return new Held(source.subscribe(service, listening), service);
        } catch (RuntimeException e) {
            leave(service);
            throw e;
        }
    }

    @Override
    public void close() {
        source.close();
    }

    private synchronized FollowedLists follow(String service) {
        FollowedLists lists = followed.get(service);
        if (lists == null) {
            FollowedLists before = left.remove(service);
            lists = before != null ? before : new FollowedLists(timeline);
            followed.put(service, lists);
        }
        lists.followers++;
        return lists;
    }

    private synchronized void leave(String service) {
        FollowedLists lists = followed.get(service);
        if (lists == null || --lists.followers > 0) {
            return;
        }
        followed.remove(service);
        away.remove(service);
        left.put(service, lists);
        long kept = left.values().stream().mapToLong(FollowedLists::size).sum();
        for (var oldest = left.values().iterator(); kept > REMEMBERED && oldest.hasNext(); ) {
            kept -= oldest.next().size();
            oldest.remove();
        }
    }

    /** One registry serves all services: it is away with the first that it has no answer for, and back with the last. */
    private synchronized void reachable(String service, boolean answers, String why) {
        boolean before = away.isEmpty();
        if (answers) {
            away.remove(service);
        } else if (followed.containsKey(service)) {
            away.add(service);
        }
        boolean now = away.isEmpty();
        if (before && !now) {
            timeline.add(Timeline.Kind.REGISTRY_AWAY, null, null, null, why);
        } else if (!before && now) {
            timeline.add(Timeline.Kind.REGISTRY_BACK, null, null, null, "it answers again");
        }
    }

    private final class Held implements Subscription {

        private final Subscription subscription;
        private final String service;
        private final AtomicBoolean closed = new AtomicBoolean();

        Held(Subscription subscription, String service) {
            this.subscription = subscription;
            this.service = service;
        }

        @Override
        public void refresh() {
            subscription.refresh();
        }

        @Override
        public void close() {
            subscription.close();
            if (closed.compareAndSet(false, true)) {
                leave(service);
            }
        }
    }

    private final class Listening implements EndpointListener {

        private final String service;
        private final EndpointListener listener;
        private final FollowedLists lists;
        private boolean unavailable;

        Listening(String service, EndpointListener listener, FollowedLists lists) {
            this.service = service;
            this.listener = listener;
            this.lists = lists;
        }

        @Override
        public void onEndpoints(EndpointSnapshot snapshot) {
            if (unavailable) {
                unavailable = false;
                reachable(service, true, "");
            }
            lists.take(snapshot.endpoints());
            listener.onEndpoints(snapshot);
        }

        @Override
        public void onUnavailable(String reason) {
            unavailable = true;
            reachable(service, false, reason);
            listener.onUnavailable(reason);
        }

        @Override
        public void onDeregistered(Endpoint endpoint) {
            lists.deregistered(endpoint);
            listener.onDeregistered(endpoint);
        }

        @Override
        public void onUnused(UnusedRecords unused) {
            lists.unused(service, unused);
            listener.onUnused(unused);
        }

        @Override
        public void onReachable(boolean answers) {
            reachable(service, answers, "it does not answer; the last lists stand");
            listener.onReachable(answers);
        }
    }
}
