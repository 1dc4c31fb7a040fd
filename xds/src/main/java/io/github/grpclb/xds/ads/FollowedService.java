package io.github.grpclb.xds.ads;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.discovery.stale.MassExpiryLog;
import io.github.grpclb.discovery.stale.Suspects;
import io.github.grpclb.xds.ads.Catalog.ChangeListener;
import io.github.grpclb.xds.config.OverriddenSettings;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ReportableNames;
import io.github.grpclb.xds.resource.ClusterName;
import io.github.grpclb.xds.resource.Resource;
import io.github.grpclb.xds.resource.ResourceType;
import io.github.grpclb.xds.resource.ServiceResources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service that somebody asked for: its endpoints as the registry tells them, and the resources that are made of them. Lists that follow
 * each other closely are taken together. Once there was a server, there always is: an empty list changes nothing, since a client with
 * old addresses is better off than one with none. Those that vanished together are kept as suspects, as our own clients keep them.
 * For the loop's thread, but the listener's methods.
 */
final class FollowedService implements EndpointListener {

    /** How long lists are taken together. */
    static final Duration PACE = Duration.ofMillis(100);

    /** After what time a registry that says nothing is silent: a client gives up on an answer by then. */
    static final Duration UNKNOWN_LIMIT = Duration.ofSeconds(15);

    /** After what time a source that failed is asked again. */
    private static final Duration NEXT_TRY = Duration.ofSeconds(5);

    private static final Comparator<Endpoint> BY_KEY =
            Comparator.comparing(Endpoint::key).thenComparing(Endpoint::address);

    private static final Logger log = LoggerFactory.getLogger(FollowedService.class);

    private final String name;
    private final ServiceSettings configured;
    private final RegistryLoop loop;
    private final Suspects suspects;
    private final MassExpiryLog massExpiryLog;
    private final LiteralEndpoints literals;
    private final Runnable whenThere;
    private final @Nullable ReportableNames reportableNames;

    /** By the names of resources. */
    private final Map<ResourceType, Map<String, Set<ChangeListener>>> listeners = new EnumMap<>(ResourceType.class);

    private final Map<ClusterName, Resource> clusters = new HashMap<>();
    private final Map<AssignmentKey, Found> assignments = new HashMap<>();
    private @Nullable Resource listener;
    private @Nullable Resource routes;

    /** Which endpoints a client is told: those of a cluster, for its zone; the empty one is that of clients that name none. */
    private record AssignmentKey(ClusterName cluster, String zone) {}

    private EndpointSource.@Nullable Subscription subscription;
    private BalancingOverride override = BalancingOverride.NONE;

    /** What is configured, with what is overridden. */
    private ServiceSettings settings;

    private List<Endpoint> listed = List.of();
    private List<Endpoint> endpoints = List.of();

    /** Of the endpoints; looked for once a list rather than for each client. */
    private Set<String> zones = Set.of();

    private boolean known;
    private boolean silent;
    private boolean toldOfNobody;
    private boolean closed;
    private boolean paced;
    private boolean waiting;
    private RegistryLoop.Timer limit = RegistryLoop.Timer.NONE;
    private RegistryLoop.Timer nextTry = RegistryLoop.Timer.NONE;
    private RegistryLoop.Timer whenDue = RegistryLoop.Timer.NONE;

    FollowedService(
            String name,
            XdsOptions options,
            Function<Runnable, HostNames> hostNames,
            RegistryLoop loop,
            Runnable whenThere) {
        this.name = name;
        this.configured = options.settings().apply(name);
        this.settings = configured;
        this.loop = loop;
        this.suspects = new Suspects(options.staleMax(), loop.now());
        this.massExpiryLog = new MassExpiryLog(name, options.staleMax());
        this.literals = new LiteralEndpoints(hostNames.apply(() -> loop.execute(this::publishInTime)));
        this.reportableNames = options.loadReportInterval() == null ? null : new ReportableNames(name, settings);
        this.whenThere = whenThere;
    }

    void follow(EndpointSource source) {
        limit = loop.after(UNKNOWN_LIMIT, () -> {
            silent = true;
            tellAll();
        });
        subscribe(source);
    }

    private void subscribe(EndpointSource source) {
        boolean tried = loop.foreign(() -> {
            try {
                subscription = source.subscribe(name, this);
            } catch (IllegalArgumentException e) {
                known = true; // no service has such a name
                limit.cancel();
            }
        });
        if (!tried) {
            nextTry = loop.after(NEXT_TRY, () -> subscribe(source));
        }
    }

    void close() {
        closed = true;
        limit.cancel();
        nextTry.cancel();
        whenDue.cancel();
        if (subscription != null) {
            subscription.close();
        }
    }

    void add(ResourceType type, String resource, ChangeListener hears) {
        listeners
                .computeIfAbsent(type, first -> new LinkedHashMap<>())
                .computeIfAbsent(resource, first -> new LinkedHashSet<>())
                .add(hears);
    }

    /** Returns whether anybody is left who follows it. */
    boolean remove(ResourceType type, String resource, ChangeListener hears) {
        Map<String, Set<ChangeListener>> ofType = listeners.getOrDefault(type, Map.of());
        Set<ChangeListener> hearing = ofType.get(resource);
        if (hearing != null && hearing.remove(hears) && hearing.isEmpty()) {
            ofType.remove(resource);
        }
        return isAskedFor();
    }

    /** Returns whether anybody follows it. */
    boolean isAskedFor() {
        return listeners.values().stream().anyMatch(each -> !each.isEmpty());
    }

    boolean isThere() {
        return !endpoints.isEmpty();
    }

    /** Returns by which names clients may report their calls; null where that is not wanted. */
    @Nullable
    ReportableNames reportableNames() {
        return reportableNames;
    }

    /**
     * Looks for a resource. A part's cluster is there for whoever still asks for it, be it that no server is left in the part: routes that
     * name it no more come after it.
     */
    Found find(ResourceType type, ClusterName cluster, @Nullable String zone) {
        if (endpoints.isEmpty()) {
            return whileNobodyIsThere();
        }
        if (cluster.part() != null && (type == ResourceType.LISTENER || type == ResourceType.ROUTES)) {
            return Found.ABSENT;
        }
        return switch (type) {
            case LISTENER -> new Found.Present(listener());
            case ROUTES -> new Found.Present(routes());
            case CLUSTER ->
                new Found.Present(clusters.computeIfAbsent(
                        cluster, first -> ServiceResources.cluster(first, settings, reportableNames != null)));
            case ENDPOINTS -> assignments.computeIfAbsent(new AssignmentKey(cluster, zoneOf(zone)), this::assign);
        };
    }

    private Found whileNobodyIsThere() {
        if (!known) {
            return silent ? Found.SILENT : Found.UNKNOWN;
        }
        if (literals.awaitsFirstAnswers()) {
            return Found.UNKNOWN;
        }
        return listed.isEmpty()
                ? Found.ABSENT
                : Found.SILENT; // then it is the name server that does not say where they are
    }

    private Resource listener() {
        if (listener == null) {
            listener = ServiceResources.listener(name);
        }
        return listener;
    }

    private Resource routes() {
        if (routes == null) {
            routes = ServiceResources.routes(name, settings, endpoints);
            warnOfTooManyParts(ServiceResources.parts(name, settings, endpoints));
        }
        return routes;
    }

    private void warnOfTooManyParts(int parts) {
        if (parts > ServiceResources.MOST_PARTS && loop.logLimit().isNew(ClusterName.Part.class, name)) {
            log.warn(
                    "{}: {} values of its tags (expected: at most {}); calls that name one beyond those go where an unknown value goes",
                    LogText.of(name),
                    parts,
                    ServiceResources.MOST_PARTS);
        }
    }

    private Found assign(AssignmentKey key) {
        Resource resource = ServiceResources.endpoints(
                key.cluster(), settings, endpoints, key.zone().isEmpty() ? null : key.zone());
        if (resource == null) {
            return Found.ABSENT;
        }
        int bytes = resource.body().getSerializedSize();
        if (bytes > Conversation.MOST_BYTES) {
            if (loop.logLimit().isNew(FollowedService.class, name)) {
                log.error(
                        "{}: {} servers take {} bytes (expected: at most {}, as clients read no message of 4 MiB); clients keep those before",
                        LogText.of(name),
                        endpoints.size(),
                        bytes,
                        Conversation.MOST_BYTES);
            }
            return Found.SILENT;
        }
        return new Found.Present(resource);
    }

    /** Of the zones without a server one is like the other: a client cannot make this one keep more than it has zones. */
    private String zoneOf(@Nullable String zone) {
        return zone != null && zones.contains(zone) ? zone : "";
    }

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        loop.execute(() -> {
            listed = snapshot.endpoints();
            override = snapshot.balancing();
            massExpiryLog.suspected(suspects.take(listed, loop.now()), listed.size(), loop.now());
            known = true;
            limit.cancel();
            publishInTime();
        });
    }

    @Override
    public void onUnavailable(String reason) {}

    @Override
    public void onDeregistered(Endpoint endpoint) {
        loop.execute(() -> {
            suspects.deregistered(endpoint);
            publishInTime();
        });
    }

    @Override
    public void onReachable(boolean reachable) {
        loop.execute(() -> {
            suspects.reachable(reachable, loop.now());
            publishInTime();
        });
    }

    private void publishInTime() {
        if (closed) {
            return;
        }
        if (paced) {
            waiting = true;
            return;
        }
        paced = true;
        publish();
        loop.after(PACE, () -> {
            paced = false;
            if (waiting) {
                waiting = false;
                publishInTime();
            }
        });
    }

    private void publish() {
        massExpiryLog.givenUp(suspects.elapse(loop.now()));
        List<Endpoint> all = new ArrayList<>(listed);
        if (all.addAll(suspects.suspects())) {
            all.sort(BY_KEY); // as they stood before
        }
        List<Endpoint> now = literals.of(all, loop.now());
        whenDue.cancel();
        long nextNanos = Math.min(suspects.nextNanos(), literals.nextNanos());
        if (nextNanos != Suspects.NEVER) {
            whenDue = loop.after(Duration.ofNanos(Math.max(0, nextNanos)), this::publishInTime);
        }
        if (now.isEmpty() && endpoints.isEmpty()) {
            tellThatNobodyIsThere();
            return;
        }
        if (now.isEmpty()) {
            log.warn("{}: no server is left; clients keep the last {}", LogText.of(name), endpoints.size());
            return;
        }
        boolean otherSettings = takeSettings();
        if (now.equals(endpoints) && !otherSettings) {
            return;
        }
        boolean first = endpoints.isEmpty();
        endpoints = List.copyOf(now);
        zones = now.stream().map(Endpoint::zone).filter(Objects::nonNull).collect(Collectors.toSet());
        assignments.clear();
        routes = null;
        if (reportableNames != null) {
            reportableNames.list(endpoints);
        }
        if (first) {
            whenThere.run();
            tellAll();
        } else {
            if (otherSettings) {
                tell(ResourceType.CLUSTER);
            }
            tell(ResourceType.ENDPOINTS);
            if (otherSettings || !settings.tags().isEmpty()) {
                tell(ResourceType.ROUTES);
            }
        }
    }

    /** Takes over what is overridden now; returns whether that makes other settings. */
    private boolean takeSettings() {
        List<Object> refusals = List.of(BalancingOverride.class, name);
        if (override.equals(BalancingOverride.NONE)) {
            loop.logLimit().over(refusals);
        }
        ServiceSettings before = settings;
        settings = OverriddenSettings.of(configured, override, (what, why) -> {
            if (loop.logLimit().isNew(refusals, List.of(what, why))) {
                log.warn(
                        "{}: xDS clients are not told of the {} that is overridden, what is configured stays: {} ({})",
                        LogText.of(name),
                        what,
                        why,
                        LogText.of(String.join("; ", override.causes())));
            }
        });
        if (settings.equals(before)) {
            return false;
        }
        clusters.clear();
        if (reportableNames != null) {
            reportableNames.settingsAre(settings);
        }
        return true;
    }

    private void tellThatNobodyIsThere() {
        if (known && !toldOfNobody && !literals.awaitsFirstAnswers()) {
            toldOfNobody = true;
            tellAll();
        }
    }

    private void tellAll() {
        for (ResourceType type : ResourceType.values()) {
            tell(type);
        }
    }

    private void tell(ResourceType type) {
        Map<String, List<ChangeListener>> now = new LinkedHashMap<>();
        listeners.getOrDefault(type, Map.of()).forEach((resource, hearing) -> now.put(resource, List.copyOf(hearing)));
        now.forEach((resource, hearing) -> hearing.forEach(each -> each.changed(type, resource)));
    }
}
