package io.github.grpclb.xds.ads;

import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.follow.RegistryLoop;
import io.github.grpclb.discovery.hosts.HostNames;
import io.github.grpclb.xds.config.XdsOptions;
import io.github.grpclb.xds.load.ReportableNames;
import io.github.grpclb.xds.resource.ClusterName;
import io.github.grpclb.xds.resource.ResourceType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The services that somebody asked for. For the loop's thread. */
final class FollowedServices implements Catalog {

    private final EndpointSource source;
    private final XdsOptions options;
    private final Function<Runnable, HostNames> hostNames;
    private final RegistryLoop loop;
    private final Map<String, FollowedService> services = new HashMap<>();
    private final Set<ChangeListener> ofAll = new LinkedHashSet<>();

    FollowedServices(
            EndpointSource source, XdsOptions options, Function<Runnable, HostNames> hostNames, RegistryLoop loop) {
        this.source = source;
        this.options = options;
        this.hostNames = hostNames;
        this.loop = loop;
    }

    @Override
    public void follow(ResourceType type, String name, ChangeListener listener) {
        String service = nameOf(name).service();
        FollowedService followed = services.get(service);
        if (followed == null) {
            followed = new FollowedService(service, options, hostNames, loop, () -> added(service));
            services.put(service, followed);
            followed.follow(source);
        }
        followed.add(type, name, listener);
    }

    @Override
    public void unfollow(ResourceType type, String name, ChangeListener listener) {
        String service = nameOf(name).service();
        FollowedService followed = services.get(service);
        if (followed != null && !followed.remove(type, name, listener)) {
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
        ofAll.add(listener);
        return services.entrySet().stream()
                .filter(each -> each.getValue().isThere())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    @Override
    public void unfollowAll(ChangeListener listener) {
        ofAll.remove(listener);
    }

    /** Returns by which names clients may report their calls to a service; null where it is not there, or reports are not wanted. */
    @Nullable
    ReportableNames reportableNames(String service) {
        FollowedService followed = services.get(service);
        return followed == null || !followed.isThere() ? null : followed.reportableNames();
    }

    void close() {
        List<FollowedService> all = new ArrayList<>(services.values());
        services.clear();
        all.forEach(FollowedService::close);
    }

    private void added(String name) {
        List.copyOf(ofAll).forEach(listener -> listener.added(name));
    }
}
