package io.github.grpclb.xds.ads;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.github.grpclb.xds.config.StreamLimits;
import io.github.grpclb.xds.resource.Resource;
import io.github.grpclb.xds.resource.ResourceType;
import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The incremental protocol: a request says what the client wants besides or no longer, each resource has its version, and what ceases to
 * exist is said to be removed. A client that comes with versions on a new stream is told what has changed or gone since.
 */
final class Delta extends Conversation<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

    Delta(Catalog catalog, StreamLimits limits, Listener listener) {
        super(catalog, limits, listener);
    }

    @Override
    void hear(DeltaDiscoveryRequest request) throws StatusException {
        heardOf(request.getNode());
        ResourceType type = typeOf(request.getTypeUrl());
        if (type == null) {
            return;
        }
        Subscription subscription = subscription(type);
        if (subscription.isAwaited() && request.getResponseNonce().equals(subscription.lastNonce)) {
            answered(type, request.hasErrorDetail() ? request.getErrorDetail().getMessage() : null);
        }
        boolean first = !subscription.begun;
        subscription.begun = true;
        List<String> wanted = new ArrayList<>(request.getResourceNamesSubscribeList());
        List<String> unwanted = new ArrayList<>(request.getResourceNamesUnsubscribeList());
        if (type.isWhole() && unwanted.remove(Subscription.WILDCARD)) {
            unsubscribeFromAll(type);
        }
        unsubscribe(type, unwanted);
        if (type.isWhole() && (wanted.remove(Subscription.WILDCARD) || (first && wanted.isEmpty()))) {
            subscribeToAll(type);
        }
        if (!first) {
            wanted.forEach(subscription.told::remove); // who asks again is told again
        }
        subscribe(type, wanted);
        if (first) {
            takeOver(type, subscription, request);
        }
    }

    /** Takes note of what a client comes with. What is none of what it wants does not matter. */
    private void takeOver(ResourceType type, Subscription subscription, DeltaDiscoveryRequest request)
            throws StatusException {
        if (subscription.wildcard) {
            checkNames(type, request.getInitialResourceVersionsMap().keySet()); // each of them will be followed
        }
        request.getInitialResourceVersionsMap().forEach((name, version) -> {
            if (subscription.wildcard || subscription.named.contains(name)) {
                follow(type, subscription, name);
                subscription.told.put(name, version);
                subscription.asked.add(name);
            }
        });
    }

    @Override
    @Nullable
    DeltaDiscoveryResponse next(ResourceType type, boolean changesToo) {
        Subscription subscription = subscription(type);
        if (!subscription.isDirty(changesToo)) {
            return null;
        }
        DeltaDiscoveryResponse.Builder response = DeltaDiscoveryResponse.newBuilder();
        List<String> asked = new ArrayList<>(subscription.asked);
        int bytes = 0;
        for (String name : subscription.takeDirty(changesToo)) {
            Found found = bytes < ENOUGH_BYTES ? find(type, name) : Found.UNKNOWN;
            if (found instanceof Found.Present it) {
                bytes += tell(it.resource(), subscription, response);
            } else if (found instanceof Found.Unknown
                    || (found instanceof Found.Silent && subscription.told.containsKey(name))) {
                subscription.asked.add(name);
            } else if (subscription.told.remove(name) != null || asked.contains(name)) {
                response.addRemovedResources(name);
                if (!subscription.named.contains(name)) {
                    forget(type, subscription, name);
                }
            }
        }
        boolean empty = response.getResourcesCount() == 0 && response.getRemovedResourcesCount() == 0;
        if (empty && !(subscription.owed && subscription.asked.isEmpty())) {
            return null;
        }
        response.setTypeUrl(type.url()).setNonce(nextNonce());
        subscription.sent(
                response.getNonce(),
                response.getResourcesList().stream().map(each -> each.getName()).toList());
        return response.build();
    }

    /** Returns how many bytes that takes. */
    private static int tell(Resource resource, Subscription subscription, DeltaDiscoveryResponse.Builder response) {
        if (resource.version().equals(subscription.told.put(resource.name(), resource.version()))) {
            return 0;
        }
        response.addResourcesBuilder()
                .setName(resource.name())
                .setVersion(resource.version())
                .setResource(resource.body());
        return resource.body().getSerializedSize();
    }
}
