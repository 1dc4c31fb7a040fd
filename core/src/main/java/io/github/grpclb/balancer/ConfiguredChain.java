package io.github.grpclb.balancer;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.pick.PickerChain;
import io.github.grpclb.balancer.pick.StepFactory;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last configuration that could be used, and the pickers' chain made of it. One that cannot be used leaves the one before in
 * place. Confined to the synchronization context.
 */
final class ConfiguredChain {

    private static final Logger logger = LoggerFactory.getLogger(ConfiguredChain.class);

    private final StepFactory.Setting setting;
    private LbConfig config = LbConfig.DEFAULT;
    private @Nullable PickerChain chain;
    private @Nullable String lastFailure;

    ConfiguredChain(StepFactory.Setting setting) {
        this.setting = setting;
    }

    /** Takes a configuration over, or says why not. */
    Status take(LbConfig next) {
        try {
            if (chain == null || !next.equals(config)) {
                PickerChain made = new PickerChain(next, setting);
                made.begin();
                chain = made;
                config = next;
            }
            lastFailure = null;
            return Status.OK;
        } catch (RuntimeException e) {
            String failure = String.valueOf(e.getMessage());
            if (!failure.equals(lastFailure)) {
                lastFailure = failure;
                logger.warn("{}: configuration refused, what was there before stays: {}", setting.channel(), failure);
            }
            return Status.UNAVAILABLE
                    .withDescription(PolicyLoadBalancerProvider.NAME + ": " + failure)
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
