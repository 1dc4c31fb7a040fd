package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.ConsumersSection;
import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.actuate.OverridesAction;
import io.github.grpclb.actuate.OverridesHere;
import io.github.grpclb.actuate.OverridesSection;
import io.github.grpclb.actuate.RecordsSection;
import io.github.grpclb.actuate.ServicesSection;
import io.github.grpclb.actuate.Unanswered;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.discovery.ConsumerDirectory;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.override.OverriddenSource;
import io.github.grpclb.override.OverrideStore;
import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** What the actuator's endpoint {@code grpclb} tells of the registry as a whole, rather than of this process. */
@AutoConfiguration(
        after = {
            GrpcLbClientAutoConfiguration.class,
            GrpcLbConsumersAutoConfiguration.class,
            GrpcLbOperationsAutoConfiguration.class
        },
        before = GrpcLbEndpointAutoConfiguration.class)
@ConditionalOnGrpcLb
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(GrpcLbEndpoint.class)
@RegisterReflectionForBinding({
    ServicesSection.Services.class,
    RecordsSection.Records.class,
    ConsumersSection.Consumers.class,
    OverridesSection.Overrides.class,
    Unanswered.class
})
public final class GrpcLbRegistrySectionsAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(EndpointSource.class)
    ServicesSection grpcLbServicesSection(EndpointSource source) {
        return new ServicesSection(source::catalog);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean({EndpointSource.class, LiveEndpoints.class})
    RecordsSection grpcLbRecordsSection(EndpointSource source, LiveEndpoints live) {
        return new RecordsSection(source::records, live);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(OverrideStore.class)
    OverridesSection grpcLbOverridesSection(
            OverrideStore store,
            ObjectProvider<OverridesAction> action,
            ObjectProvider<EndpointSource> source,
            ObjectProvider<LiveEndpoints> live) {
        LiveEndpoints channels = live.getIfAvailable();
        return new OverridesSection(
                store,
                action.getIfAvailable() != null,
                source.getIfUnique() instanceof OverriddenSource followed && channels != null
                        ? new OverridesHere(followed, channels)
                        : null);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(ConsumerDirectory.class)
    ConsumersSection grpcLbConsumersSection(ConsumerDirectory directory) {
        return new ConsumersSection(directory);
    }
}
