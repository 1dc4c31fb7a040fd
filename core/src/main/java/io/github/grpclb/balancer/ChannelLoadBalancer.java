package io.github.grpclb.balancer;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.DelayedPick;
import io.github.grpclb.balancer.pick.ChannelMemory;
import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.resolver.BalancerInUse;
import io.github.grpclb.resolver.EndpointAttributes;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link PolicyLoadBalancer} in its channel: finds the configuration that holds, and stands health checking around the balancer from
 * the first list on with which that is asked for. Of the configurations the live one of the channel goes before the one of its
 * service config, and that before the channel's argument ({@link BalancerArgs#CONFIG}). Health checks are asked for by the
 * service config, as with every balancer, or by that configuration. Confined to the synchronization context.
 */
final class ChannelLoadBalancer extends LoadBalancer {

    private static final Logger logger = LoggerFactory.getLogger(ChannelLoadBalancer.class);

    private final Helper helper;
    private final LbConfig byDefault;
    private final LogLimit logLimit;
    private final FirstList firstList;
    private LoadBalancer balancer;
    private boolean checking;

    ChannelLoadBalancer(Helper helper) {
        LbConfig argument = helper.getNameResolverArgs().getArg(BalancerArgs.CONFIG);
        this.helper = helper;
        this.byDefault = argument != null ? argument : LbConfig.DEFAULT;
        this.logLimit = BalancerArgs.logLimit(helper.getNameResolverArgs());
        this.firstList = new FirstList(helper.getNameResolverArgs());
        this.balancer = new Unchecked().newLoadBalancer(helper);
    }

    @Override
    public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
        BalancerInUse inUse = resolved.getAttributes().get(EndpointAttributes.BALANCER_IN_USE);
        if (inUse != null) {
            inUse.tookAList();
        }
        firstList.arrived(resolved);
        LbConfig config = configOf(resolved);
        Map<String, ?> healthCheck = healthCheck(resolved.getAttributes(), config);
        Attributes attributes = resolved.getAttributes();
        if (healthCheck != null) {
            check();
            attributes = attributes.toBuilder()
                    .set(ATTR_HEALTH_CHECKING_CONFIG, healthCheck)
                    .build();
        }
        return balancer.acceptResolvedAddresses(resolved.toBuilder()
                .setAttributes(attributes)
                .setLoadBalancingPolicyConfig(config)
                .build());
    }

    @Override
    public void handleNameResolutionError(Status error) {
        firstList.failed(error);
        balancer.handleNameResolutionError(error);
    }

    @Override
    public void requestConnection() {
        balancer.requestConnection();
    }

    @Override
    public void shutdown() {
        balancer.shutdown();
    }

    private LbConfig configOf(ResolvedAddresses resolved) {
        if (resolved.getAttributes().get(EndpointAttributes.BALANCER_CONFIG) instanceof LbConfig live) {
            return live;
        }
        return resolved.getLoadBalancingPolicyConfig() instanceof LbConfig given ? given : byDefault;
    }

    private static @Nullable Map<String, ?> healthCheck(Attributes attributes, LbConfig config) {
        Map<String, ?> given = attributes.get(ATTR_HEALTH_CHECKING_CONFIG);
        return given == null && config.healthCheck() != null ? Map.of("serviceName", config.healthCheck()) : given;
    }

    /** Once there it stays: without anything to check it costs each call an allocation, and taking it away each connection. */
    private void check() {
        if (checking) {
            return;
        }
        if (!HealthChecking.isThere()) {
            if (logLimit.isNew(ChannelLoadBalancer.class, helper.getAuthority())) {
                logger.warn(
                        "{}: servers are not asked for their health: grpc-services is not on the class path",
                        helper.getAuthority());
            }
            return;
        }
        checking = true;
        helper.updateBalancingState(
                ConnectivityState.CONNECTING,
                new FixedResultPicker(DelayedPick.connecting("the endpoints' health is asked for")));
        balancer.shutdown();
        balancer = HealthChecking.around(new Unchecked(), helper);
    }

    private static final class Unchecked extends Factory {

        @Override
        public LoadBalancer newLoadBalancer(Helper helper) {
            return new PolicyLoadBalancer(helper, new ChannelMemory(Policies.with(List.of())));
        }
    }
}
