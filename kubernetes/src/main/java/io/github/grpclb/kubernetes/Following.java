package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.follow.LastLists;
import java.util.List;

/**
 * What the services of one source have in common.
 *
 * @param api leads to the API server
 * @param lists what outlives the process
 * @param observer hears of watches
 * @param status hears how the API server gets on
 */
record Following(
        KubernetesLoop loop,
        Api api,
        KubernetesOptions options,
        LastLists<List<Endpoint>> lists,
        RegistryObserver observer,
        ApiStatus status) {}
