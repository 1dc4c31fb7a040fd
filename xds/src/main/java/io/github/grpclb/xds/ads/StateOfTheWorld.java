package io.github.grpclb.xds.ads;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.resource.Resource;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.StatusException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The state-of-the-world protocol: a request names all that the client wants of a type, and a response has one version, a digest of all
 * that the client then has. The version that one comes with on a new stream does not say what it has: it may have dropped some since. It says
 * that there was something.
 */
final class StateOfTheWorld extends Conversation<DiscoveryRequest, DiscoveryResponse> {

    StateOfTheWorld(Catalog catalog, StreamLimits limits, Listener listener) {
        super(catalog, limits, listener);
    }

    @Override
    void hear(DiscoveryRequest request) throws StatusException {
        heardOf(request.getNode());
        ResourceType type = typeOf(request.getTypeUrl());
        if (type == null) {
            return;
        }
        Subscription subscription = subscription(type);
        if (subscription.begun && !request.getResponseNonce().equals(subscription.lastNonce)) {
            return; // about an older response: another request follows, and says what the client wants by then
        }
        if (!subscription.begun) {
            subscription.begun = true;
            subscription.resumed = !request.getVersionInfo().isEmpty();
        }
        if (subscription.isAwaited()) {
            answered(type, request.hasErrorDetail() ? request.getErrorDetail().getMessage() : null);
        }
        want(type, subscription, new LinkedHashSet<>(request.getResourceNamesList()));
    }

    private void want(ResourceType type, Subscription subscription, Set<String> names) throws StatusException {
        boolean wildcard =
                type.isWhole() && (names.remove(Subscription.WILDCARD) || (names.isEmpty() && !subscription.everNamed));
        if (wildcard) {
            subscribeToAll(type);
        } else {
            unsubscribeFromAll(type);
        }
        List<String> gone = new ArrayList<>(subscription.named);
        gone.removeAll(names);
        unsubscribe(type, gone);
        names.removeAll(subscription.named);
        subscribe(type, names);
    }

    @Override
    @Nullable
    DiscoveryResponse next(ResourceType type, boolean changesToo) {
        Subscription subscription = subscription(type);
        if (!subscription.isDirty(changesToo)) {
            return null;
        }
        List<Resource> resources = type.isWhole() ? all(type, subscription) : some(type, subscription, changesToo);
        if (resources == null) {
            return null;
        }
        DiscoveryResponse.Builder response = DiscoveryResponse.newBuilder()
                .setTypeUrl(type.url())
                .setVersionInfo(versionOf(subscription.told))
                .setNonce(nextNonce());
        resources.forEach(resource -> response.addResources(resource.body()));
        subscription.sent(
                response.getNonce(), resources.stream().map(Resource::name).toList());
        return response.build();
    }

    /** Returns all there are; null where there is nothing new, or where more may be there: what is left out does not exist. */
    private @Nullable List<Resource> all(ResourceType type, Subscription subscription) {
        List<Resource> resources = new ArrayList<>();
        Map<String, String> present = new TreeMap<>();
        for (String name : subscription.followed) {
            Found found = find(type, name);
            if (found instanceof Found.Unknown || (found instanceof Found.Silent && subscription.resumed)) {
                return null;
            }
            if (found instanceof Found.Present it) {
                resources.add(it.resource());
                present.put(name, it.resource().version());
            }
        }
        boolean news = subscription.owed || !subscription.asked.isEmpty() || !present.equals(subscription.told);
        subscription.settle(present);
        return news ? resources : null;
    }

    /** Returns those that it was not told of as they are; null where there are none. */
    private @Nullable List<Resource> some(ResourceType type, Subscription subscription, boolean changesToo) {
        List<Resource> resources = new ArrayList<>();
        int bytes = 0;
        for (String name : subscription.takeDirty(changesToo)) {
            Found found = bytes < ENOUGH_BYTES ? find(type, name) : Found.UNKNOWN;
            if (found instanceof Found.Present it) {
                String version = it.resource().version();
                if (!version.equals(subscription.told.put(name, version))) {
                    resources.add(it.resource());
                    bytes += it.resource().body().getSerializedSize();
                }
            } else if (found instanceof Found.Unknown) {
                subscription.asked.add(name); // for the next response
            }
        }
        return resources.isEmpty() ? null : resources;
    }

    private static String versionOf(Map<String, String> versions) {
        Hasher hasher = Hashing.sha256().newHasher();
        versions.forEach((name, version) -> hasher.putString(name, StandardCharsets.UTF_8)
                .putChar('\0')
                .putString(version, StandardCharsets.UTF_8)
                .putChar('\0'));
        return Resource.versionOf(hasher.hash());
    }
}
