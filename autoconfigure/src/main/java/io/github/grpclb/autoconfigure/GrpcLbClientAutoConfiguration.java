package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.dryrun.DryRun;
import io.github.grpclb.client.ChannelSetup;
import io.github.grpclb.client.MdcInterceptor;
import io.github.grpclb.client.ReadyEndpoints;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.timeline.Timeline;
import java.time.Duration;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/** What gives channels their endpoints and their policy, whoever makes them. */
@AutoConfiguration(after = GrpcLbEtcdAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnBean({EndpointSource.class, GrpcLbProperties.class})
@EnableConfigurationProperties(ClientProperties.class)
public final class GrpcLbClientAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    EndpointLoads grpcLbEndpointLoads() {
        return new EndpointLoads();
    }

    @Bean
    @ConditionalOnMissingBean
    LiveEndpoints grpcLbLiveEndpoints() {
        return new LiveEndpoints();
    }

    @Bean
    @ConditionalOnSwitch(name = ReadinessSettings.ENABLED, byDefault = false)
    ReadyEndpoints grpcLbReadyEndpoints(LiveEndpoints live) {
        return new ReadyEndpoints(live);
    }

    @Bean
    @Lazy // asked for when the application is ready
    ReadinessSettings grpcLbReadinessSettings(
            GrpcLbProperties properties, ClientProperties allClients, Environment environment, BeanFactory beans) {
        return new ReadinessSettings(properties, allClients, environment, beans::containsBean);
    }

    @Bean
    ChannelSetup grpcLbChannelSetup(
            GrpcLbProperties properties,
            ClientProperties allClients,
            EndpointSource source,
            EndpointLoads loads,
            LiveEndpoints live,
            PolicyTable policies,
            DeferredObservers observers,
            Timeline timeline,
            PodSettings pod,
            ObjectProvider<ReadyEndpoints> ready) {
        InvalidPropertyException.requireWithin(
                Duration.ZERO,
                ChannelSetup.LONGEST_STALE_MAX,
                properties.staleMax(),
                "grpc.lb.stale-max",
                "0 to 365d",
                "Correct the property; 0 trusts the registry at once.");
        return ChannelSetup.of(source)
                .clients(new ConfiguredClients(properties, allClients, policies, new ClientZones(pod)))
                .policies(policies)
                .staleMax(properties.staleMax())
                .loads(loads)
                .live(live)
                .observer(observers.ofPicks())
                .timeline(timeline)
                .ready(ready.getIfAvailable())
                .build();
    }

    @Bean
    @Lazy // asked for by whoever looks at the actuator's endpoint
    DryRun.PolicyOptions grpcLbPolicyOptions(
            GrpcLbProperties properties, ClientProperties allClients, PolicyTable policies, PodSettings pod) {
        return new ConfiguredClients(properties, allClients, policies, new ClientZones(pod))::policyOptions;
    }

    @Bean
    @ConditionalOnMissingBean
    PolicyTable grpcLbPolicies(ObjectProvider<Policy> policies, ObjectProvider<PolicyFactory> factories) {
        try {
            return Policies.with(
                    policies.orderedStream().toList(), factories.orderedStream().toList());
        } catch (IllegalValueException e) {
            throw new InvalidPropertyException(
                    "grpc.lb.policy", e.value(), e.expected(), "Have name() of one of the two return another name.");
        }
    }

    @Bean
    @ConditionalOnSwitch(name = "grpc.lb.logging.mdc", byDefault = false)
    MdcInterceptor grpcLbMdcInterceptor() {
        return new MdcInterceptor();
    }

    @Bean
    WaitForOwnStart grpcLbWaitForOwnStart(ObjectProvider<ChannelSetup> setup) {
        return new WaitForOwnStart(setup);
    }
}
