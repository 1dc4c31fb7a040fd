package io.github.grpclb.balancer;

import io.grpc.Status;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last configuration that could be used, and the pickers' chain made of it. One that cannot be used leaves the one before in
 * place. Confined to the synchronization context.
 */
final class ConfiguredChain {

    private static final Logger logger = LoggerFactory.getLogger(ConfiguredChain.class);

    private final ChannelPolicies policies;
    private final CallTracking tracking;
    private final String authority;
    private LbConfig config = LbConfig.DEFAULT;
    private @Nullable PickerChain chain;
    private @Nullable String lastFailure;

    ConfiguredChain(ChannelPolicies policies, CallTracking tracking, String authority) {
        this.policies = policies;
        this.tracking = tracking;
        this.authority = authority;
    }

    /** Takes a configuration over, or says why not. */
    Status take(LbConfig next) {
        try {
            if (chain == null || !next.equals(config)) {
                chain = new PickerChain(next, policies, tracking, authority, () -> ThreadLocalRandom.current()
                        .nextDouble());
                config = next;
            }
            lastFailure = null;
            return Status.OK;
        } catch (RuntimeException e) {
            String failure = String.valueOf(e.getMessage());
            if (!failure.equals(lastFailure)) {
                lastFailure = failure;
                logger.warn("{}: configuration refused, what was there before stays: {}", authority, failure);
            }
            return Status.UNAVAILABLE
                    .withDescription(PolicyLoadBalancer.NAME + ": " + failure)
                    .withCause(e);
        }
    }

    LbConfig config() {
        return config;
    }

    /** Returns the chain; null while no configuration could be used. */
    @Nullable
    PickerChain chain() {
        return chain;
    }
}
