package io.github.grpclb.resolver;

import io.github.grpclb.discovery.LogLimit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the balancer that a channel hands its lists to is {@code endpoint_lb}: the channel's own service config may name another one, and
 * gRPC tells a resolver nothing of that. One for each channel; confined to its synchronization context.
 */
public final class BalancerInUse {

    private static final Logger logger = LoggerFactory.getLogger(BalancerInUse.class);

    private final @Nullable String client;
    private final @Nullable LogLimit logLimit;
    private boolean ours = true;
    private boolean taken;

    /** For a channel that may well have another balancer. */
    BalancerInUse() {
        this.client = null;
        this.logLimit = null;
    }

    /**
     * For a channel whose calls are to be spread by {@code endpoint_lb}: if they are not, that is warned of once.
     *
     * @param client the client's name
     * @param logLimit what the context has logged
     */
    public BalancerInUse(String client, LogLimit logLimit) {
        this.client = client;
        this.logLimit = logLimit;
    }

    /** For {@code endpoint_lb} to say that it got a list. */
    public void tookAList() {
        taken = true;
    }

    boolean isOurs() {
        return ours;
    }

    /** Notes whether {@link #tookAList()} was called since the last time; a list has been delivered. */
    void delivered(String target) {
        ours = taken;
        taken = false;
        if (!ours && client != null && logLimit != null && logLimit.isNew(BalancerInUse.class, client)) {
            logger.warn(
                    "Client {}: the service config or the default policy that is set on its channel has another balancer spread"
                            + " the calls to {}; what is set below grpc.lb for that has no effect. Take loadBalancingConfig out"
                            + " of that service config, or choose a policy by grpc.lb.clients.{}.policy",
                    client,
                    target,
                    client);
        }
    }
}
