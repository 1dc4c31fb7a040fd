package io.github.grpclb.resolver;

import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.grpc.Attributes;

/**
 * What the resolver says beside the addresses: attributes of a list, and of each address group.
 */
public final class EndpointAttributes {

    /** The endpoint that an address group is for. */
    public static final Attributes.Key<Endpoint> ENDPOINT = Attributes.Key.create("io.github.grpclb.endpoint");

    /** Who is no longer registered; an attribute of each list. */
    public static final Attributes.Key<Unlisted> UNLISTED = Attributes.Key.create("io.github.grpclb.unlisted");

    /**
     * What the channel's {@link LiveServiceConfig} has for {@code endpoint_lb}, an attribute of each list. It does not travel as a
     * service config, since gRPC would have that take the place of all that the user has set on the channel.
     */
    public static final Attributes.Key<BalancerConfig> BALANCER_CONFIG =
            Attributes.Key.create("io.github.grpclb.balancer-config");

    /** Wants to be told by {@code endpoint_lb} that it is in use; an attribute of each list. */
    public static final Attributes.Key<BalancerInUse> BALANCER_IN_USE =
            Attributes.Key.create("io.github.grpclb.balancer-in-use");

    /**
     * What operators override of how calls are balanced, an attribute of each list. {@code endpoint_lb} puts it over whatever it is
     * configured with; absent, nothing is overridden.
     */
    public static final Attributes.Key<BalancingOverride> BALANCING_OVERRIDE =
            Attributes.Key.create("io.github.grpclb.balancing-override");

    private EndpointAttributes() {}
}
