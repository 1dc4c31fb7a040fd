package io.github.grpclb.xds.ads;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.discovery.follow.Alarm;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ReportableNames;
import io.github.grpclb.xds.resource.ClusterName;
import io.github.grpclb.xds.resource.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services that somebody asked for, and, while somebody asks for all, those that the registry has, as far as it tells. For the loop's
 * thread.
 */
final class FollowedServices implements Catalog {

    private static final Logger log = LoggerFactory.getLogger(FollowedServices.class);

    /** How often the registry is asked which services it has, while somebody wants all of them. */
    static final Duration LOOK_EVERY = Duration.ofSeconds(30);

    private static final double JITTER = 0.2;

    /** How many services are followed at most for those who ask for all. */
    static final int MOST_OF_REGISTRY = 1_000;

    private final EndpointSource source;
    private final XdsOptions options;
    private final Function<Runnable, HostNames> hostNames;
    private final RegistryLoop loop;
    private final Map<String, FollowedService> services = new HashMap<>();
    private final Set<ChangeListener> ofAll = new LinkedHashSet<>();

    /** Those that are followed since the registry has them, whoever else asked for them. */
    private final Set<String> ofRegistry = new HashSet<>();

    private final Alarm nextLook;

    FollowedServices(
            EndpointSource source, XdsOptions options, Function<Runnable, HostNames> hostNames, RegistryLoop loop) {
        this.source = source;
        this.options = options;
        this.hostNames = hostNames;
        this.loop = loop;
        this.nextLook = new Alarm(loop);
    }

    @Override
    public void follow(ResourceType type, String name, ChangeListener listener) {
        followed(nameOf(name).service()).add(type, name, listener);
    }

    private FollowedService followed(String service) {
        FollowedService followed = services.get(service);
        if (followed == null) {
            followed = new FollowedService(service, options, hostNames, loop, () -> added(service));
            services.put(service, followed);
            followed.follow(source);
        }
        return followed;
    }

    @Override
    public void unfollow(ResourceType type, String name, ChangeListener listener) {
        String service = nameOf(name).service();
        FollowedService followed = services.get(service);
        if (followed != null && !followed.remove(type, name, listener) && !ofRegistry.contains(service)) {
            services.remove(service);
            followed.close();
        }
    }

    @Override
    public Found find(ResourceType type, String name, @Nullable String zone) {
        ClusterName cluster = nameOf(name);
        FollowedService followed = services.get(cluster.service());
        return followed == null ? Found.ABSENT : followed.find(type, cluster, zone);
    }

    private ClusterName nameOf(String resource) {
        return ClusterName.parse(resource, options.settings());
    }

    @Override
    public Set<String> followAll(ChangeListener listener) {
        if (ofAll.isEmpty()) {
            look();
        }
        ofAll.add(listener);
        return services.entrySet().stream()
                .filter(each -> each.getValue().isThere())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    @Override
    public void unfollowAll(ChangeListener listener) {
        ofAll.remove(listener);
        if (ofAll.isEmpty()) {
            nextLook.cancel();
            Set<String> left = Set.copyOf(ofRegistry);
            ofRegistry.clear();
            left.forEach(this::closeUnlessAskedFor);
        }
    }

    /** Finds out what the registry has, now and then. What it has no more is followed on: it may come back, as a service does. */
    private void look() {
        ServiceCatalog catalog = source.catalog();
        if (catalog != null) {
            nextLook.set(loop.jittered(LOOK_EVERY, JITTER), this::look);
            // who cannot be told of them is told of what others asked for, as where the registry has no catalogue
            catalog.services().thenAccept(found -> loop.execute(() -> take(found)));
        }
    }

    private void take(ServiceCatalog.Services found) {
        if (ofAll.isEmpty()) {
            return;
        }
        for (ServiceCatalog.Service service : found.services()) {
            if (ofRegistry.size() == MOST_OF_REGISTRY) {
                if (loop.logLimit().isNew(FollowedServices.class, "most")) {
                    log.warn(
                            "Clients that ask for all services are told of {} of those that are registered: there are more",
                            MOST_OF_REGISTRY);
                }
                return;
            }
            // a name that reads as that of a part means something else to clients
            if (nameOf(service.name()).service().equals(service.name()) && ofRegistry.add(service.name())) {
                followed(service.name());
            }
        }
    }

    private void closeUnlessAskedFor(String service) {
        FollowedService followed = services.get(service);
        if (followed != null && !followed.isAskedFor()) {
            services.remove(service);
            followed.close();
        }
    }

    /** Returns by which names clients may report their calls to a service; null where it is not there, or reports are not wanted. */
    @Nullable
    ReportableNames reportableNames(String service) {
        FollowedService followed = services.get(service);
        return followed == null || !followed.isThere() ? null : followed.reportableNames();
    }

    void close() {
        nextLook.cancel();
        List<FollowedService> all = new ArrayList<>(services.values());
        services.clear();
        all.forEach(FollowedService::close);
    }

    private void added(String name) {
        List.copyOf(ofAll).forEach(listener -> listener.added(name));
    }
}
