package io.github.grpclb.balancer;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.pick.PickerChain;
import io.github.grpclb.balancer.pick.StepFactory;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.LogText;
import io.grpc.Status;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last configuration that could be used, and the pickers' chain made of it. One that cannot be used leaves the one before in
 * place, and what operators override and cannot be used leaves the channel's own. Confined to the synchronization context.
 */
final class ConfiguredChain {

    private static final Logger logger = LoggerFactory.getLogger(ConfiguredChain.class);

    private final StepFactory.Setting setting;
    private LbConfig config = LbConfig.DEFAULT;
    private @Nullable PickerChain chain;
    private @Nullable String lastFailure;
    private boolean overridden;

    ConfiguredChain(StepFactory.Setting setting) {
        this.setting = setting;
    }

    /**
     * Takes over a configuration with what operators override of it, or says why not.
     *
     * @param tagged says whether a server has a value for a tag's key
     */
    Status take(LbConfig own, BalancingOverride override, Predicate<String> tagged) {
        if (override.equals(BalancingOverride.NONE)) {
            if (overridden) {
                overridden = false;
                setting.tracking().logLimit().over(refusals());
            }
            return take(own);
        }
        overridden = true;
        LbConfig next = withSplit(own, override, tagged);
        String policy = override.policy();
        if (policy == null) {
            return take(next);
        }
        try {
            use(next.withPolicy(policy));
            return Status.OK;
        } catch (RuntimeException e) {
            refused("policy", override, String.valueOf(e.getMessage()));
            return take(next);
        }
    }

    private LbConfig withSplit(LbConfig own, BalancingOverride override, Predicate<String> tagged) {
        BalancingOverride.Split split = override.split();
        if (split == null) {
            return own;
        }
        if (!tagged.test(split.key())) {
            refused("split", override, "no server has a value for '" + LogText.of(split.key()) + "'");
            return own;
        }
        return own.withSplit(split.key(), split.shares());
    }

    private void refused(String what, BalancingOverride override, String why) {
        if (setting.tracking().logLimit().isNew(refusals(), List.of(what, why))) {
            logger.warn(
                    "{}: the {} that is overridden cannot be used here, what is configured stays: {} ({})",
                    setting.channel(),
                    what,
                    why,
                    LogText.of(String.join("; ", override.causes())));
        }
    }

    /** What the lines about overrides of this channel's service are remembered under. */
    private List<Object> refusals() {
        return List.of(ConfiguredChain.class, setting.channel());
    }

    private void use(LbConfig next) {
        if (chain == null || !next.equals(config)) {
            PickerChain made = new PickerChain(next, setting);
            made.begin();
            chain = made;
            config = next;
        }
        lastFailure = null;
    }

    /** Takes a configuration over, or says why not. */
    private Status take(LbConfig next) {
        try {
            use(next);
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
