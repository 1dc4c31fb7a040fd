package io.github.grpclb.balancer;

import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.resolver.EndpointAwaitedException;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.NameResolver;
import io.grpc.Status;
import java.util.function.LongSupplier;

/**
 * Times how long a channel has no list: gRPC makes the balancer when the resolver is started, and holds calls back until the resolver has
 * said something. That holds for our own resolver, since channels over it name this balancer from the start; for others it makes the
 * balancer when they answer, and nothing is told. Confined to the synchronization context.
 */
final class FirstList {

    private final CallTracking tracking;
    private final LongSupplier nanoTime;
    private final long since;
    private boolean told;

    FirstList(NameResolver.Args args) {
        EndpointLoads shared = args.getArg(BalancerArgs.LOADS);
        EndpointLoads loads = shared != null ? shared : new EndpointLoads();
        this.tracking = new CallTracking(loads, args.getArg(BalancerArgs.OBSERVER), BalancerArgs.logLimit(args));
        this.nanoTime = loads.nanoTime();
        this.since = nanoTime.getAsLong();
    }

    /** Hears that there is no list: calls fail, unless one is about to come, and later lists are nothing that they waited for. */
    void failed(Status error) {
        told |= !(error.getCause() instanceof EndpointAwaitedException);
    }

    /** Takes a list; those after the first, and empty ones, are nothing to it. */
    void arrived(ResolvedAddresses list) {
        if (told || list.getAddresses().isEmpty()) {
            return;
        }
        told = true;
        Endpoint first = list.getAddresses().get(0).getAttributes().get(EndpointAttributes.ENDPOINT);
        if (first != null && list.getAttributes().get(EndpointAttributes.BALANCER_IN_USE) != null) {
            tracking.firstList(first.service(), nanoTime.getAsLong() - since);
        }
    }
}
